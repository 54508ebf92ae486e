import type { AdoptedOperations } from '../database/adopted-operations';
import type { DeviceMappings } from '../database/device-mappings';
import { sourceVmPath } from '../domain/names';
import { closeOlderOperationInputSchema } from '../domain/repair-io';
import { activity } from './activity';
import { fenceOf } from './fence-of';
import { observeAttachment } from './observe-attachment';
import type { DoctorSiteActivities } from './queues';
import type { VolumeWork } from './volume-work';

/** What closeOlderOperation needs. */
export interface OlderOperationWork extends VolumeWork {
  readonly adoptedOperations: AdoptedOperations;
  readonly mappings: Pick<DeviceMappings, 'ofVolume'>;
}

/**
 * closeOlderOperation: an operation that the older installation left failed or unfinished is closed by what there is now: where
 * CloudStack has the volume, with no job pending on it, and whether a mapping says so. It changes nothing in CloudStack: nobody knows
 * what that installation sent. Where the volume is attached and no mapping says so, it stays open.
 *
 * @throws job-pending
 */
export function makeCloseOlderOperation(work: OlderOperationWork): DoctorSiteActivities['closeOlderOperation'] {
  return activity(
    'closeOlderOperation',
    work.run,
    closeOlderOperationInputSchema,
    (volume) => volume,
    async (volume, run) => {
      const { operationId, volumeId } = volume;
      const row = await work.adoptedOperations.get(operationId);
      if (row === undefined || sourceVmPath(row) !== sourceVmPath(volume) || row.volumeId !== volumeId) {
        return { done: `no operation ${operationId} of volume ${volumeId} was adopted` };
      }
      if (row.settledBecause !== undefined) return { done: `it was closed already: ${row.settledBecause}` };
      const seen = await observeAttachment(work, run, volume);
      const at = seen.verdict === 'gone' ? undefined : seen.volume.virtualmachineid;
      const mapping = await work.mappings.ofVolume(volumeId);
      if (at !== undefined && mapping?.vmId !== at) {
        const mapped = mapping === undefined ? 'no mapping says so' : `it is mapped on VM ${mapping.vmId}`;
        return { done: `not closed: volume ${volumeId} is attached to VM ${at}, and ${mapped}` };
      }
      const where =
        seen.verdict === 'gone'
          ? 'not listed by CloudStack any more'
          : at === undefined
            ? 'attached nowhere'
            : `attached to VM ${at} and mapped as ${mapping?.devicePath ?? '?'}`;
      const because = `volume ${volumeId} is ${where}`;
      await work.effect('closeOlderOperation.close', () =>
        work.database.fenced(fenceOf(volume, run), (tx) => work.adoptedOperations.settle(tx, operationId, because)),
      );
      return { done: `operation ${operationId} is closed: ${because}` };
    },
  );
}
