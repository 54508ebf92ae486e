import { makeAttachToVm } from './attach-to-vm';
import { makeCheckHealth } from './check-health';
import { makeClearRoot } from './clear-root';
import { makeCompletePoint } from './complete-point';
import { makeDeleteRestoredVolume } from './delete-restored-volume';
import { makeDeleteSnapshot } from './delete-snapshot';
import { makeDeployVm } from './deploy-vm';
import { makeDetachFromVm } from './detach-from-vm';
import { type HookWork, makeHooks } from './hooks';
import { makeOpenPoint } from './open-point';
import type { PointWork } from './point-work';
import { makePreflightFailover, type PreflightFailoverWork } from './preflight-failover';
import { type GuestWork, makePrepareGuest } from './prepare-guest';
import { makePrunePoints } from './prune-points';
import type { FailoverCopyActivities, FailoverSiteActivities } from './queues';
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

/** Activities of the failover VM and hooks, on a site's queue. */
export type FailoverVmActivities = Pick<
  FailoverSiteActivities,
  | 'preflightFailover'
  | 'deployVm'
  | 'removeVm'
  | 'clearRoot'
  | 'attachToVm'
  | 'detachFromVm'
  | 'startVm'
  | 'stopVm'
  | 'checkHealth'
  | 'quiesceSource'
  | 'resumeSource'
  | 'runHook'
>;

/** Makes the activities of the failover VM, and the hooks. */
export function makeFailoverVmActivities(deps: VmWork & PreflightFailoverWork & HookWork): FailoverVmActivities {
  return {
    preflightFailover: makePreflightFailover(deps),
    deployVm: makeDeployVm(deps),
    removeVm: makeRemoveVm(deps),
    clearRoot: makeClearRoot(deps),
    attachToVm: makeAttachToVm(deps),
    detachFromVm: makeDetachFromVm(deps),
    startVm: makeStartVm(deps),
    stopVm: makeStopVm(deps),
    checkHealth: makeCheckHealth(deps),
    ...makeHooks(deps),
  };
}

/** Makes what prepares a guest, on an appliance's copy queue. */
export function makeGuestActivities(deps: GuestWork): FailoverCopyActivities {
  return { prepareGuest: makePrepareGuest(deps) };
}
