import { makeAttachToVm } from './attach-to-vm';
import { makeCheckHealth } from './check-health';
import { makeClearRoot } from './clear-root';
import { makeCompletePoint } from './complete-point';
import { makeDeleteRestoredVolume } from './delete-restored-volume';
import { makeDeleteSnapshot } from './delete-snapshot';
import { makeDeployVm } from './deploy-vm';
import { makeDetachFromVm } from './detach-from-vm';
import { makeOpenPoint } from './open-point';
import type { PointWork } from './point-work';
import { makePrunePoints } from './prune-points';
import type { FailoverSiteActivities } from './queues';
import { makeRemoveVm } from './remove-vm';
import { makeRestoreVolume } from './restore-volume';
import { makeSnapshotVolume } from './snapshot-volume';
import { makeStartVm } from './start-vm';
import { makeStopVm } from './stop-vm';
import type { VmWork } from './vm-work';

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

/** Activities of the failover VM, on a site's queue. */
export type FailoverVmActivities = Pick<
  FailoverSiteActivities,
  'deployVm' | 'removeVm' | 'clearRoot' | 'attachToVm' | 'detachFromVm' | 'startVm' | 'stopVm' | 'checkHealth'
>;

/** Makes the activities of the failover VM. */
export function makeFailoverVmActivities(deps: VmWork): FailoverVmActivities {
  return {
    deployVm: makeDeployVm(deps),
    removeVm: makeRemoveVm(deps),
    clearRoot: makeClearRoot(deps),
    attachToVm: makeAttachToVm(deps),
    detachFromVm: makeDetachFromVm(deps),
    startVm: makeStartVm(deps),
    stopVm: makeStopVm(deps),
    checkHealth: makeCheckHealth(deps),
  };
}
