import { randomUUID } from 'node:crypto';
import type { VolumeOperation } from '../database/volume-operations';
import type { DiskRef } from '../domain/step-io';
import type { ActivityRun } from './activity-run';
import { fenceOf } from './fence-of';
import { stableUuid } from './stable-uuid';
import type { VolumeWork } from './volume-work';

/** An operation that makes something, or removes something that has no row of its own to be guarded by. */
export interface Doing {
  readonly kind: VolumeOperation['kind'];
  /** the effect by which its row is written */
  readonly effect: string;
  /** what is done, for whom and to what: the row's own id is derived from it, so that two attempts write one row */
  readonly seed: readonly (string | number)[];
  /** earlier rows of the same seed, oldest first */
  readonly rows: readonly VolumeOperation[];
  /** whether the last row still stands for what is wanted, if it has not failed */
  stands(last: VolumeOperation): Promise<boolean>;
  /** what else its row says */
  row(id: string): Partial<Pick<VolumeOperation, 'volumeId' | 'volumeName' | 'choseVolumeId' | 'found'>>;
}

/**
 * The operation to go on with: the last one, unfinished or done, if it still stands; else a new row, written before anything is
 * sent, with a random job id.
 *
 * @returns `fresh`: written by this very call, so that nothing of it can have been sent
 * @throws OperationActiveError when the volume has another unfinished operation
 */
export async function currentOperation(
  work: VolumeWork,
  run: ActivityRun,
  disk: DiskRef,
  doing: Doing,
): Promise<{ operation: VolumeOperation; fresh: boolean }> {
  const last = doing.rows.at(-1);
  if (last !== undefined && last.state !== 'failed' && (await doing.stands(last))) {
    return { operation: last, fresh: false };
  }
  const id = stableUuid([...doing.seed, doing.rows.length].join(' '));
  const jobId = randomUUID();
  await work.effect(doing.effect, () =>
    work.database.fenced(fenceOf(disk, run), (tx, { epoch }) =>
      work.operations.record(tx, {
        id,
        kind: doing.kind,
        site: disk.site,
        sourceId: disk.sourceId,
        sourceVmId: disk.sourceVmId,
        diskKey: disk.diskKey,
        attempt: disk.attempt,
        choseVolumeId: false,
        ...doing.row(id),
        jobId,
        workflowId: run.workflowId,
        firstRunId: disk.firstRunId,
        runId: run.runId,
        activityId: run.activityId,
        epoch,
      }),
    ),
  );
  const operation = await work.operations.get(id);
  if (operation === undefined) throw new Error(`operation ${id} was recorded but is not there`);
  // Another attempt beside us may have written it first; then it may have sent it too.
  return { operation, fresh: operation.jobId === jobId };
}
