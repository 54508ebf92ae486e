import {
  type CompletePointInput,
  type CompletePointOutput,
  completePointInputSchema,
  type PointSnapshot,
} from '../domain/failover-io';
import type { RecoveryPoint } from '../database/recovery-points';
import { type DiskferryFailure, failure } from '../domain/failures';
import { sourceVmPath } from '../domain/names';
import { activity } from './activity';
import type { ActivityRun } from './activity-run';
import { fenceOf } from './fence-of';
import { judgeSnapshot } from '../site/judge-snapshot';
import { listScope } from './list-scope';
import type { PointWork } from './point-work';
import type { FailoverSiteActivities } from './queues';

/**
 * completePoint: the recovery point counts from here on, because every one of its snapshots is listed as BackedUp; all or none.
 *
 * @throws point-incomplete naming the disks
 */
export function makeCompletePoint(work: PointWork): FailoverSiteActivities['completePoint'] {
  return activity(
    'completePoint',
    work.run,
    completePointInputSchema,
    (input) => input,
    async (input, run) => {
      const { pointId } = input;
      const incomplete = (missing: string): DiskferryFailure =>
        failure('point-incomplete', { pointId, vm: sourceVmPath(input), missing });
      const point = await work.points.get(pointId);
      if (point === undefined || sourceVmPath(point) !== sourceVmPath(input)) throw incomplete('it is not known');
      const missing = await missingOf(work, run, input, point);
      if (missing.length > 0) throw incomplete(missing.join('; '));
      if (point.state !== 'complete') {
        const complete = await work.effect('completePoint.record', () =>
          work.database.fenced(fenceOf(input, run), (tx) => work.points.setState(tx, pointId, 'complete')),
        );
        if (!complete) throw incomplete('its snapshots are being removed');
      }
      return answerOf((await work.points.get(pointId)) ?? point);
    },
  );
}

/** Why disks of the point do not count, one sentence each. */
async function missingOf(
  work: PointWork,
  run: ActivityRun,
  input: CompletePointInput,
  point: RecoveryPoint,
): Promise<readonly string[]> {
  const ids = point.snapshots.flatMap(({ snapshotId }) => (snapshotId === undefined ? [] : [snapshotId]));
  const listing = await work.api.listSnapshots({ ids, listAll: true, ...listScope(input) }, { signal: run.signal });
  return point.snapshots.flatMap(({ diskKey, snapshotId }) => {
    const disk = `disk ${String(diskKey)}`;
    if (snapshotId === undefined) return [`${disk} has no snapshot`];
    const snapshot = listing.find(({ id }) => id === snapshotId);
    if (judgeSnapshot(snapshot) === 'backed-up') return [];
    return [
      `snapshot ${snapshotId} of ${disk} is ${snapshot === undefined ? 'not listed' : `in state ${snapshot.state}`}`,
    ];
  });
}

function answerOf(point: RecoveryPoint): CompletePointOutput {
  return {
    takenAt: point.completedAt ?? point.createdAt,
    snapshots: point.snapshots.flatMap(({ diskKey, boot, volumeId, snapshotId, sizeBytes, hash }): PointSnapshot[] =>
      snapshotId === undefined
        ? []
        : [{ diskKey, boot, volumeId, snapshotId, sizeBytes, ...(hash === undefined ? {} : { hash }) }],
    ),
  };
}
