import type { Snapshot } from '../cloudstack/api';
import { isRefusal } from '../cloudstack/errors';
import { failure } from '../domain/failures';
import type { VolumeRef } from '../domain/step-io';
import { judgeSnapshot } from '../site/judge-snapshot';
import type { ActivityRun } from './activity-run';
import { describeJob } from './judge-job';
import { listSnapshot } from './list-snapshots';
import { waitForJob } from './settle-job';
import type { VolumeWork } from './volume-work';

/**
 * Removes what a snapshot that failed, or that was sent twice under one job id, left: snapshots of an operation's exact name, which
 * nobody else has.
 *
 * @throws snapshot-failed when one is left; job-pending while one is still being made
 */
export async function removeStraySnapshots(
  work: VolumeWork,
  run: ActivityRun,
  volume: VolumeRef,
  strays: readonly Snapshot[],
): Promise<void> {
  const { diskKey, volumeId } = volume;
  for (const { id, name, state } of strays) {
    let words: string;
    try {
      const { jobId } = await work.effect('snapshotVolume.removeDouble', () =>
        work.api.deleteSnapshot({ id }, { signal: run.signal }),
      );
      words = describeJob(await waitForJob(work, run, { diskKey, volumeId }, jobId));
    } catch (error) {
      if (!isRefusal(error)) throw error;
      words = error.text;
    }
    const left = await listSnapshot(work, run, id, volume);
    // A try beside this one, or one that is late, is still making it: CloudStack deletes none that is under way.
    if (judgeSnapshot(left) === 'under-way') {
      throw failure('job-pending', { diskKey, volumeId, jobId: `snapshot ${id} in state ${left?.state ?? '?'}` });
    }
    if (left !== undefined) {
      const cause = `a snapshot that an earlier try left, ${id} in state ${left.state}, could not be removed: ${words}`;
      throw failure('snapshot-failed', { diskKey, volumeId, cause });
    }
    work.log.warn({ diskKey, volumeId, snapshotId: id, snapshotName: name, state }, 'Removed a snapshot that was left');
  }
}
