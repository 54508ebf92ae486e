import { makeCompletePoint } from './complete-point';
import { makeDeleteRestoredVolume } from './delete-restored-volume';
import { makeDeleteSnapshot } from './delete-snapshot';
import { makeOpenPoint } from './open-point';
import type { PointWork } from './point-work';
import { makePrunePoints } from './prune-points';
import type { FailoverSiteActivities } from './queues';
import { makeRestoreVolume } from './restore-volume';
import { makeSnapshotVolume } from './snapshot-volume';

/** Activities of recovery points and of the volumes that are made from them, on a site's queue. */
export type PointActivities = Pick<
  FailoverSiteActivities,
  | 'openPoint'
  | 'snapshotVolume'
  | 'deleteSnapshot'
  | 'completePoint'
  | 'prunePoints'
  | 'restoreVolume'
  | 'deleteRestoredVolume'
>;

/** Makes the activities of recovery points. */
export function makePointActivities(deps: PointWork): PointActivities {
  return {
    openPoint: makeOpenPoint(deps),
    snapshotVolume: makeSnapshotVolume(deps),
    deleteSnapshot: makeDeleteSnapshot(deps),
    completePoint: makeCompletePoint(deps),
    prunePoints: makePrunePoints(deps),
    restoreVolume: makeRestoreVolume(deps),
    deleteRestoredVolume: makeDeleteRestoredVolume(deps),
  };
}
