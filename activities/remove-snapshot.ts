import type { Snapshot } from '../cloudstack/api';
import { failure } from '../domain/failures';
import { sourceVmPath } from '../domain/names';
import type { DiskRef } from '../domain/step-io';
import type { ActivityRun } from './activity-run';
import { currentOperation } from './current-operation';
import { fenceOf } from './fence-of';
import { finishOperation } from './finish-operation';
import { describeJob } from './judge-job';
import { judgeSnapshot } from '../site/judge-snapshot';
import { listSnapshot } from './list-snapshots';
import { lookUntil } from './polling';
import { sendChange } from './send-change';
import { jobIdIsStale, settleJob, waitForJob } from './settle-job';
import type { VolumeWork } from './volume-work';

/** Who deletes: its effects are named after it. */
export type SnapshotRemover = 'deleteSnapshot' | 'prunePoints';

/**
 * Deletes one snapshot that was judged to be deletable, and proves it gone.
 *
 * Its row names no volume: a snapshot outlives its volume, and a test that ends deletes its own while a replication, which holds
 * the VM, may be at work on that volume. The row's id is derived from the snapshot's, so that there is one for it all the same; a
 * deletion that an earlier run was cut off in is gone on with.
 *
 * @throws snapshot-delete-failed when it is still listed; job-pending; whatever the call throws
 */
export async function removeSnapshot(
  work: VolumeWork,
  run: ActivityRun,
  disk: DiskRef,
  remover: SnapshotRemover,
  { id: snapshotId }: Pick<Snapshot, 'id'>,
): Promise<void> {
  const { diskKey } = disk;
  const fence = fenceOf(disk, run);
  const kind = 'delete-snapshot';
  const all = await work.operations.ofDisk(disk, diskKey, { kind });
  const { operation, fresh } = await currentOperation(work, run, disk, {
    kind,
    effect: `${remover}.record`,
    seed: [kind, snapshotId],
    rows: all.filter((row) => row.found?.['snapshotId'] === snapshotId),
    stands: (last) => Promise.resolve(last.state === 'recorded'),
    row: () => ({ found: { snapshotId } }),
  });

  const end = fresh ? { arrived: false as const } : await settleJob(work, run, operation);
  let cause = end.arrived ? describeJob(end.job) : 'it is still listed';
  let seen = await whenQuiet(work, run, disk, snapshotId);
  if (seen !== undefined && !end.arrived) {
    if (jobIdIsStale(work, operation)) {
      cause = 'its job id is too old to be sent again';
    } else {
      const customJobId = operation.jobId === undefined ? {} : { customJobId: operation.jobId };
      const sent = await sendChange(work, fence, operation, `${remover}.send`, () =>
        work.api.deleteSnapshot({ id: snapshotId, ...customJobId }, { signal: run.signal }),
      );
      if (sent.outcome === 'refused') cause = sent.error.text;
      else if (operation.jobId !== undefined) {
        cause = describeJob(await waitForJob(work, run, operation, operation.jobId));
      }
      seen = await whenQuiet(work, run, disk, snapshotId);
    }
  }
  if (seen !== undefined) {
    await finishOperation(work, fence, `${remover}.finish`, operation, { state: 'failed', failure: cause });
    throw failure('snapshot-delete-failed', { diskKey, snapshotId, cause, vm: sourceVmPath(disk) });
  }
  await finishOperation(work, fence, `${remover}.finish`, operation, { state: 'done' });
}

/**
 * The snapshot once nobody is at work on it, or undefined when it is gone.
 *
 * @throws job-pending (unavailable: tried again without end) when that takes too long
 */
async function whenQuiet(
  work: VolumeWork,
  run: ActivityRun,
  disk: DiskRef,
  snapshotId: string,
): Promise<Snapshot | undefined> {
  let state = '?';
  const quiet = await lookUntil(work, run, work.polling.pendingMs, async () => {
    const snapshot = await listSnapshot(work, run, snapshotId, disk);
    const verdict = judgeSnapshot(snapshot);
    if (verdict !== 'under-way' && verdict !== 'leaving') return { snapshot };
    state = snapshot?.state ?? '?';
    return undefined;
  });
  if (quiet !== undefined) return quiet.snapshot;
  throw failure('job-pending', { diskKey: disk.diskKey, volumeId: `snapshot ${snapshotId}`, jobId: `state ${state}` });
}
