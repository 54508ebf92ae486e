import { randomUUID } from 'node:crypto';
import type { Tx } from '../database/database';
import type { VolumeOperation } from '../database/volume-operations';
import { OperationActiveError } from '../database/volume-operations';
import type { VolumeRef } from '../domain/step-io';
import type { ActivityRun } from './activity-run';
import { fenceOf } from './fence-of';
import type { VolumeWork } from './volume-work';

/** What differs between the operations on a volume that is known. */
export type NewOperation = Pick<VolumeOperation, 'kind' | 'vmId' | 'jobId' | 'found'>;

/**
 * Writes the row of an operation before it is sent, or joins the one that an attempt of this run beside us has written meanwhile
 * (the database admits one unfinished operation per volume).
 *
 * @param mine - whether an unfinished operation is this run's own of the same kind
 * @throws OperationActiveError when it is anybody else's
 */
export async function recordOperation(
  work: VolumeWork,
  run: ActivityRun,
  volume: VolumeRef,
  effect: string,
  operation: NewOperation,
  mine: (operation: VolumeOperation) => boolean,
  also: (tx: Tx, id: string) => Promise<void> = () => Promise.resolve(),
): Promise<VolumeOperation> {
  const id = randomUUID();
  try {
    await work.effect(effect, () =>
      work.database.fenced(fenceOf(volume, run), async (tx, { epoch }) => {
        await work.operations.record(tx, {
          ...operation,
          id,
          site: volume.site,
          sourceId: volume.sourceId,
          sourceVmId: volume.sourceVmId,
          diskKey: volume.diskKey,
          attempt: volume.attempt,
          volumeId: volume.volumeId,
          choseVolumeId: false,
          workflowId: run.workflowId,
          firstRunId: volume.firstRunId,
          runId: run.runId,
          activityId: run.activityId,
          epoch,
        });
        await also(tx, id);
      }),
    );
  } catch (error) {
    if (error instanceof OperationActiveError && mine(error.active)) return error.active;
    throw error;
  }
  const recorded = await work.operations.get(id);
  if (recorded === undefined) throw new Error(`operation ${id} was recorded but is not there`);
  return recorded;
}
