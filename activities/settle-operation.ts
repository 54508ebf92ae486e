import { settleOperationInputSchema } from '../domain/repair-io';
import { activity } from './activity';
import type { DoctorSiteActivities } from './queues';
import { settleEarlier } from './settle-earlier';
import type { VolumeWork } from './volume-work';

/**
 * settleOperation: an unfinished operation of a run that has ended is closed by what came of it: its job is waited for, then the
 * listing decides. The same as every step does before it sends anything of its own (`settleEarlier`), for an operator.
 *
 * @throws operation-active when another source VM's operation stands there; job-pending
 */
export function makeSettleOperation(work: VolumeWork): DoctorSiteActivities['settleOperation'] {
  return activity(
    'settleOperation',
    work.run,
    settleOperationInputSchema,
    (volume) => volume,
    async (volume, run) => {
      const { operationId } = volume;
      const before = await work.operations.get(operationId);
      if (before?.state !== 'recorded') return { done: 'it was closed already' };
      await settleEarlier(work, run, volume, 'settleOperation.finish', () => false);
      const after = await work.operations.get(operationId);
      return {
        done: `operation ${operationId} is ${after?.state ?? 'not there'}${after?.failure === undefined ? '' : `: ${after.failure}`}`,
      };
    },
  );
}
