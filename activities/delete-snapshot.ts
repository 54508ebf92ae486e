import { snapshotVolumeInputSchema } from '../domain/failover-io';
import { activity } from './activity';
import { closeIfEmpty, removeOfPoint, snapshotOperations } from './point-snapshots';
import type { PointWork } from './point-work';
import type { FailoverSiteActivities } from './queues';
import { kept, nothingToUndo, undone } from './undo-outcome';

/**
 * deleteSnapshot: the snapshot of a point that was not completed, or of a test, is gone from the list; that of a complete point is
 * kept, since it is what the VM can go back to.
 *
 * Why it is hard: the snapshot may have been cut off anywhere, so it is found by the point's row and by the operations' exact names;
 * one that was deleted already fails the job of a second delete, which counts as gone (fixture volume-snapshots).
 *
 * Sources: reference cloudstack-api §7; design §5.
 */
export function makeDeleteSnapshot(work: PointWork): FailoverSiteActivities['deleteSnapshot'] {
  return activity(
    'deleteSnapshot',
    work.run,
    snapshotVolumeInputSchema,
    (disk) => disk,
    async (disk, run) => {
      const { diskKey, pointId } = disk;
      const point = await work.points.get(pointId);
      const row = point?.snapshots.find((snapshot) => snapshot.diskKey === diskKey);
      if (point === undefined || row === undefined || point.state === 'gone') return nothingToUndo('deleteSnapshot');
      if (point.state === 'complete' && point.purpose !== 'test') {
        const snapshot = `snapshot ${row.snapshotId ?? '?'} (${row.snapshotName ?? '?'})`;
        return kept(
          'deleteSnapshot',
          `disk ${String(diskKey)}: ${snapshot} is kept: recovery point ${pointId} is complete`,
        );
      }
      const begun =
        row.snapshotId !== undefined || (await snapshotOperations(work.operations, point, diskKey)).length > 0;
      const owed = begun && row.goneAt === undefined;
      if (owed) await removeOfPoint(work, run, disk, 'deleteSnapshot', point);
      await closeIfEmpty(work, run, disk, 'deleteSnapshot', pointId);
      return owed ? undone('deleteSnapshot') : nothingToUndo('deleteSnapshot');
    },
  );
}
