import type { PointSnapshotRow } from '../database/recovery-points';
import type { VolumeOperation } from '../database/volume-operations';
import { type SnapshotVolumeInput, type SnapshotVolumeOutput, snapshotVolumeInputSchema } from '../domain/failover-io';
import { failure } from '../domain/failures';
import { snapshotName } from '../domain/names';
import { activity } from './activity';
import type { ActivityRun } from './activity-run';
import { currentOperation } from './current-operation';
import { fenceOf } from './fence-of';
import { finishOperation } from './finish-operation';
import { describeJob } from './judge-job';
import { judgeSnapshot } from '../site/judge-snapshot';
import { listSnapshot, listTaken } from './list-snapshots';
import { snapshotOperations } from './point-snapshots';
import type { PointWork } from './point-work';
import { lookUntil } from './polling';
import type { FailoverSiteActivities } from './queues';
import { removeStraySnapshots } from './remove-stray-snapshots';
import { sendSnapshot } from './send-snapshot';
import { settleEarlier } from './settle-earlier';
import { type JobEnd, settleJob } from './settle-job';

/**
 * snapshotVolume: when it answers, one snapshot of the volume is listed as BackedUp under its name, alone, and the recovery point's
 * row names it.
 *
 * Why it is hard: as with createVolume the snapshot's row is made before the job id is checked, so that a second send leaves a second
 * row; it comes only after the job and the name were looked for. The job may succeed while the snapshot is still Allocated, and one
 * that failed stays listed as Error. A point that is being removed takes no snapshot any more.
 *
 * Sources: reference cloudstack-api §1.7, §7; fixtures volume-snapshots, snapshot-revert-detached.
 */
export function makeSnapshotVolume(work: PointWork): FailoverSiteActivities['snapshotVolume'] {
  return activity(
    'snapshotVolume',
    work.run,
    snapshotVolumeInputSchema,
    (volume) => volume,
    async (volume, run) => {
      const { diskKey, volumeId, pointId } = volume;
      const point = await work.points.get(pointId);
      const row = point?.snapshots.find((snapshot) => snapshot.diskKey === diskKey);
      const fail = (cause: string) => failure('snapshot-failed', { diskKey, volumeId, cause });
      if (point === undefined || row === undefined) throw fail(`recovery point ${pointId} does not know the disk`);
      if (point.state !== 'taking' && point.state !== 'complete') {
        throw fail(`recovery point ${pointId} is being removed`);
      }
      const known = await proveKnown(work, run, volume, row);
      if (known !== undefined) return known;

      const rows = await snapshotOperations(work.operations, point, diskKey);
      const ours = (active: VolumeOperation): boolean =>
        active.kind === 'snapshot' && active.found?.['pointId'] === pointId;
      await settleEarlier(work, run, volume, 'snapshotVolume.finish', ours);
      for (const { state, volumeName, id } of rows) {
        if (state !== 'failed') continue;
        const { snapshot, doubles } = await listTaken(
          work,
          run,
          { id, volumeName: volumeName ?? '?' },
          undefined,
          volume,
        );
        await removeStraySnapshots(work, run, volume, snapshot === undefined ? doubles : [snapshot, ...doubles]);
      }
      const { operation, fresh } = await currentOperation(work, run, volume, {
        kind: 'snapshot',
        effect: 'snapshotVolume.record',
        seed: ['snapshot', pointId, diskKey],
        rows,
        stands: () => Promise.resolve(true),
        row: (id) => ({ volumeId, volumeName: snapshotName(volume.vmName, diskKey, id), found: { pointId } }),
      });
      const end = fresh ? undefined : await arrival(work, run, volume, operation);
      return await prove(work, run, volume, operation, end ?? (await sendSnapshot(work, run, volume, operation)));
    },
  );
}

/** A repeated step finds the snapshot that the point's row names. @throws snapshot-failed when it is gone since */
async function proveKnown(
  work: PointWork,
  run: ActivityRun,
  volume: SnapshotVolumeInput,
  { snapshotId, snapshotName: name }: PointSnapshotRow,
): Promise<SnapshotVolumeOutput | undefined> {
  if (snapshotId === undefined || name === undefined) return undefined;
  const { diskKey, volumeId } = volume;
  const snapshot = await listSnapshot(work, run, snapshotId, volume);
  if (judgeSnapshot(snapshot) === 'backed-up') return { snapshotId, snapshotName: name };
  const cause = `snapshot ${snapshotId}, which was there, is ${snapshot === undefined ? 'gone' : `in state ${snapshot.state}`}`;
  throw failure('snapshot-failed', { diskKey, volumeId, cause });
}

/** How far an operation came that was cut off; undefined when nothing of it is there, so that it may be sent. */
async function arrival(
  work: PointWork,
  run: ActivityRun,
  volume: SnapshotVolumeInput,
  operation: VolumeOperation,
): Promise<JobEnd | undefined> {
  const end = await settleJob(work, run, operation);
  if (end.arrived) return end;
  const { snapshot } = await listTaken(work, run, operation, undefined, volume);
  return snapshot === undefined ? undefined : { arrived: true, job: undefined };
}

/** Looks until the snapshot is BackedUp, removes what stands beside it, and closes the row together with the point's. */
async function prove(
  work: PointWork,
  run: ActivityRun,
  volume: SnapshotVolumeInput,
  operation: VolumeOperation,
  end: JobEnd,
): Promise<SnapshotVolumeOutput> {
  const { diskKey, volumeId, pointId } = volume;
  const fence = fenceOf(volume, run);
  const job = end.arrived ? end.job : undefined;
  const jobFailed = job !== undefined && job.jobstatus !== 1;
  let state = '?';
  const seen = await lookUntil(work, run, work.polling.pendingMs, async () => {
    const taken = await listTaken(work, run, operation, job?.jobinstanceid, volume);
    const verdict = judgeSnapshot(taken.snapshot);
    const mayCome = !jobFailed && (verdict === 'allocated' || verdict === 'under-way');
    state = taken.snapshot?.state ?? '?';
    return mayCome ? undefined : { ...taken, verdict };
  });
  if (seen === undefined) throw failure('job-pending', { diskKey, volumeId, jobId: `snapshot in state ${state}` });
  const { snapshot, doubles, verdict } = seen;
  if (snapshot === undefined || verdict !== 'backed-up') {
    const what = snapshot === undefined ? 'the snapshot is not listed' : `the snapshot is in state ${snapshot.state}`;
    const cause = jobFailed ? describeJob(job) : what;
    await finishOperation(work, fence, 'snapshotVolume.finish', operation, { state: 'failed', failure: cause });
    throw failure('snapshot-failed', { diskKey, volumeId, cause });
  }
  await removeStraySnapshots(work, run, volume, doubles);
  const made = { snapshotId: snapshot.id, snapshotName: snapshot.name };
  await finishOperation(work, fence, 'snapshotVolume.finish', operation, { state: 'done' }, (tx) =>
    work.points.setSnapshot(tx, pointId, diskKey, made),
  );
  return made;
}
