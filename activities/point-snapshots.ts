import type { Snapshot } from '../cloudstack/api';
import type { RecoveryPoint } from '../database/recovery-points';
import type { VolumeOperation, VolumeOperations } from '../database/volume-operations';
import { sourceVmPath } from '../domain/names';
import type { DiskRef } from '../domain/step-io';
import type { ActivityRun } from './activity-run';
import { fenceOf } from './fence-of';
import { finishOperation } from './finish-operation';
import { describeJob } from './judge-job';
import { listSnapshot, listTaken } from './list-snapshots';
import type { PointWork } from './point-work';
import { removeSnapshot, type SnapshotRemover } from './remove-snapshot';
import { settleJob } from './settle-job';

/** What was begun for one disk of a point, oldest first, by whichever run. */
export async function snapshotOperations(
  operations: VolumeOperations,
  point: RecoveryPoint,
  diskKey: number,
): Promise<VolumeOperation[]> {
  const rows = await operations.ofDisk(point, diskKey, { kind: 'snapshot' });
  return rows.filter((row) => row.found?.['pointId'] === point.id);
}

/**
 * Removes whatever stands for one disk of a point: what its row names and what operations made that were cut off. The point is
 * `removing` before anything is deleted, so that nothing counts on it any more, and nothing is sent for it.
 *
 * @throws snapshot-delete-failed; job-pending
 */
export async function removeOfPoint(
  work: PointWork,
  run: ActivityRun,
  disk: DiskRef,
  remover: SnapshotRemover,
  point: RecoveryPoint,
): Promise<void> {
  const { diskKey } = disk;
  const fence = fenceOf(disk, run);
  if (point.state !== 'removing') {
    await work.effect(`${remover}.record`, () =>
      work.database.fenced(fence, (tx) => work.points.setState(tx, point.id, 'removing')),
    );
  }
  const snapshots = new Map<string, Snapshot>();
  for (const operation of await snapshotOperations(work.operations, point, diskKey)) {
    for (const snapshot of await takenBy(work, run, disk, remover, operation)) snapshots.set(snapshot.id, snapshot);
  }
  const named = point.snapshots.find((row) => row.diskKey === diskKey)?.snapshotId;
  if (named !== undefined && !snapshots.has(named)) {
    const snapshot = await listSnapshot(work, run, named, disk);
    if (snapshot !== undefined) snapshots.set(named, snapshot);
  }
  for (const snapshot of snapshots.values()) await removeSnapshot(work, run, disk, remover, snapshot);
  await settleDeletions(work, run, disk, remover);
  await work.effect(`${remover}.finish`, () =>
    work.database.fenced(fence, (tx) => work.points.markSnapshotGone(tx, point.id, diskKey)),
  );
}

/** What an operation made, and ends its row if it was cut off: from here on nothing is sent for it any more. */
async function takenBy(
  work: PointWork,
  run: ActivityRun,
  disk: DiskRef,
  remover: SnapshotRemover,
  operation: VolumeOperation,
): Promise<readonly Snapshot[]> {
  if (operation.state === 'recorded') {
    const end = await settleJob(work, run, operation);
    const failure = `taken back; ${end.arrived ? describeJob(end.job) : 'it never arrived at CloudStack'}`;
    await finishOperation(work, fenceOf(disk, run), `${remover}.finish`, operation, { state: 'failed', failure });
  }
  const { snapshot, doubles } = await listTaken(work, run, operation, undefined, disk);
  return snapshot === undefined ? doubles : [snapshot, ...doubles];
}

/** Ends deletions of an earlier try that was cut off before it could say that the snapshot is gone. */
async function settleDeletions(
  work: PointWork,
  run: ActivityRun,
  disk: DiskRef,
  remover: SnapshotRemover,
): Promise<void> {
  const rows = await work.operations.ofDisk(disk, disk.diskKey, { kind: 'delete-snapshot' });
  for (const row of rows) {
    const snapshotId = row.found?.['snapshotId'];
    if (row.state !== 'recorded' || typeof snapshotId !== 'string') continue;
    if ((await listSnapshot(work, run, snapshotId, disk)) !== undefined) continue;
    await finishOperation(work, fenceOf(disk, run), `${remover}.finish`, row, { state: 'done' });
  }
}

/**
 * Calls a point that is being removed gone once nothing is left of it. Asked again after each disk, since the disks of a VM are
 * taken back side by side.
 *
 * @returns whether it is gone
 */
export async function closeIfEmpty(
  work: PointWork,
  run: ActivityRun,
  disk: DiskRef,
  remover: SnapshotRemover,
  pointId: string,
): Promise<boolean> {
  const point = await work.points.get(pointId);
  if (point === undefined || point.state === 'gone') return true;
  if (sourceVmPath(point) !== sourceVmPath(disk)) throw new Error(`recovery point ${pointId} is of another VM`);
  for (const row of point.snapshots) {
    if (row.goneAt !== undefined) continue;
    if (row.snapshotId !== undefined) return false;
    if ((await snapshotOperations(work.operations, point, row.diskKey)).length > 0) return false;
  }
  await work.effect(`${remover}.finish`, () =>
    work.database.fenced(fenceOf(disk, run), (tx) => work.points.setState(tx, pointId, 'gone')),
  );
  return true;
}
