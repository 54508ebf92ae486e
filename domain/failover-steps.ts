import type { StepRow, UndoRow } from './steps';

/**
 * The steps of recovery points, failovers, failbacks and reverts: the second part of the table of steps. A step is of one disk or
 * of the VM as a whole. Going back runs what is owed newest first, whole stages one after another: all disks leave the failover VM
 * before it is removed.
 */
export interface FailoverStepRow extends Omit<StepRow, 'undo'> {
  readonly of: 'disk' | 'vm';
  readonly undo: readonly FailoverUndoName[];
}

export type FailoverStepName =
  | 'snapshotVolume'
  | 'completePoint'
  | 'restoreVolume'
  | 'quiesceSource'
  | 'deployVm'
  | 'clearRoot'
  | 'attachToVm'
  | 'mapToVm'
  | 'prepareGuest'
  | 'startVm'
  | 'commitFailover'
  | 'commitFailback'
  | 'commitRevert';

export type FailoverUndoName =
  'deleteSnapshot' | 'deleteRestoredVolume' | 'resumeSource' | 'removeVm' | 'detachFromVm' | 'unmapFromVm' | 'stopVm';

export const failoverSteps: Readonly<Record<FailoverStepName, FailoverStepRow>> = {
  snapshotVolume: {
    of: 'disk',
    order: 1,
    does: 'snapshots the volume for a recovery point',
    findsOwnWorkBy: 'the job id chosen and stored before sending, then the exact name and its tags',
    provenBy: 'listed as BackedUp, of this volume; alone under its name',
    undo: ['deleteSnapshot'],
    queue: 'site',
    effects: ['snapshotVolume.record', 'snapshotVolume.send', 'snapshotVolume.removeDouble', 'snapshotVolume.finish'],
    failures: ['snapshot-failed', 'snapshot-needs-detach', 'volume-gone', 'job-pending'],
  },
  completePoint: {
    of: 'vm',
    order: 2,
    does: 'calls the recovery point complete: all its snapshots are there, or none counts',
    findsOwnWorkBy: "the point's row",
    provenBy: 'every snapshot listed as BackedUp, row read back',
    undo: [],
    queue: 'site',
    effects: ['completePoint.record'],
    failures: ['point-incomplete'],
  },
  restoreVolume: {
    of: 'disk',
    order: 3,
    does: 'makes a volume from a snapshot',
    findsOwnWorkBy: 'the volume id (root admin) or job id chosen and stored before sending, then exact name and tags',
    provenBy: 'listed as Ready with the right size and tags, detached; alone under its name',
    undo: ['deleteRestoredVolume'],
    queue: 'site',
    effects: [
      'restoreVolume.record',
      'restoreVolume.send',
      'restoreVolume.tag',
      'restoreVolume.removeDouble',
      'restoreVolume.finish',
    ],
    failures: ['restore-failed', 'snapshot-gone', 'volume-differs', 'job-pending'],
  },
  quiesceSource: {
    of: 'vm',
    order: 4,
    does: 'has the source stop writing, by a hook',
    findsOwnWorkBy: 'the hook, which may be called again',
    provenBy: 'exit code 0',
    undo: ['resumeSource'],
    queue: 'site',
    effects: ['quiesceSource.run'],
    failures: ['hook-failed', 'hook-unknown'],
  },
  deployVm: {
    of: 'vm',
    order: 5,
    does: 'makes the failover VM, stopped, with its networks and a root that is thrown away',
    findsOwnWorkBy: 'the VM id (root admin) or job id chosen and stored before sending, then exact name and tags',
    provenBy: 'listed as Stopped under its name with our tags; alone under it',
    undo: ['removeVm'],
    queue: 'site',
    effects: [
      'deployVm.record',
      'deployVm.send',
      'deployVm.tag',
      'deployVm.osType',
      'deployVm.removeDouble',
      'deployVm.finish',
    ],
    failures: ['deploy-failed', 'deploy-refused', 'vm-name-taken', 'vm-gone', 'vm-job-pending'],
  },
  clearRoot: {
    of: 'vm',
    order: 6,
    does: 'takes the root that the template made off the failover VM and deletes it',
    findsOwnWorkBy: 'the listing',
    provenBy: 'the listing shows no volume on the VM, and that root gone',
    undo: [],
    queue: 'site',
    effects: ['clearRoot.record', 'clearRoot.detach', 'clearRoot.delete', 'clearRoot.finish'],
    failures: ['clear-root-failed', 'vm-gone', 'vm-job-pending'],
  },
  attachToVm: {
    of: 'disk',
    order: 7,
    does: 'attaches the volume to the failover VM: the boot disk as 0, data disks in key order',
    findsOwnWorkBy: 'the job id chosen and stored before sending',
    provenBy: 'the listing shows that VM and that device id, and no pending job',
    undo: ['detachFromVm'],
    queue: 'site',
    effects: ['attachToVm.record', 'attachToVm.send', 'attachToVm.finish'],
    failures: ['vm-attach-failed', 'attached-elsewhere', 'volume-gone', 'job-pending'],
  },
  mapToVm: {
    of: 'disk',
    order: 8,
    does: 'records the mapping on the failover VM under its unique device path, with its role',
    findsOwnWorkBy: 'the device path',
    provenBy: 'row read back',
    undo: ['unmapFromVm'],
    queue: 'main',
    effects: ['mapToVm.record'],
    failures: ['mapping-conflict'],
  },
  prepareGuest: {
    of: 'vm',
    order: 9,
    does: 'runs the guest step (virt-v2v-in-place or a hook) on the disks, on the appliance',
    findsOwnWorkBy: 'the command, which may be called again',
    provenBy: 'exit code 0, and the devices are still those that were proven',
    undo: [],
    queue: 'appliance-copy',
    effects: ['prepareGuest.mark', 'prepareGuest.run'],
    failures: ['guest-step-failed', 'hook-unknown', 'copy-locked', 'device-wrong', 'device-in-use'],
  },
  startVm: {
    of: 'vm',
    order: 10,
    does: 'starts the failover VM',
    findsOwnWorkBy: 'the job id chosen and stored before sending',
    provenBy: 'listed as Running, no pending job',
    undo: ['stopVm'],
    queue: 'site',
    effects: ['startVm.record', 'startVm.send', 'startVm.finish'],
    failures: ['vm-start-failed', 'vm-gone', 'vm-job-pending'],
  },
  commitFailover: {
    of: 'vm',
    order: 11,
    does: 'passes the point of no return: the VM counts as failed over, the generation of its volumes is raised',
    findsOwnWorkBy: "the VM's row",
    provenBy: 'row read back',
    undo: [],
    queue: 'main',
    effects: ['commitFailover.record'],
    failures: [],
  },
  commitFailback: {
    of: 'vm',
    order: 12,
    does: 'ends the live failover: the replicas are on the appliance again',
    findsOwnWorkBy: "the VM's row",
    provenBy: 'row read back',
    undo: [],
    queue: 'main',
    effects: ['commitFailback.record'],
    failures: [],
  },
  commitRevert: {
    of: 'vm',
    order: 13,
    does: 'puts the volumes made from the point in the places of the former ones, which are kept',
    findsOwnWorkBy: "the disks' rows",
    provenBy: 'rows read back',
    undo: [],
    queue: 'main',
    effects: ['commitRevert.record'],
    failures: [],
  },
};

export const failoverUndos: Readonly<Record<FailoverUndoName, UndoRow>> = {
  deleteSnapshot: {
    does: 'deletes the snapshot of a point that was not completed, or of a test; keeps it otherwise',
    provenBy: 'gone from the list',
    queue: 'site',
    effects: ['deleteSnapshot.record', 'deleteSnapshot.send', 'deleteSnapshot.finish'],
    failures: ['snapshot-delete-failed', 'job-pending'],
  },
  deleteRestoredVolume: {
    does: 'deletes the volume that this run made from a snapshot, unless a copy or a revert has made it a replica',
    provenBy: 'gone from the list',
    queue: 'site',
    effects: ['deleteRestoredVolume.record', 'deleteRestoredVolume.send', 'deleteRestoredVolume.finish'],
    failures: ['delete-failed', 'job-pending'],
  },
  resumeSource: {
    does: 'lets the source write again, by its hook',
    provenBy: 'exit code 0',
    queue: 'site',
    effects: ['resumeSource.run'],
    failures: ['hook-failed', 'hook-unknown'],
  },
  removeVm: {
    does: "removes the failover VM once CloudStack's list shows, twice, that none of our volumes is on it",
    provenBy: 'gone from the list, with the root that its template made',
    queue: 'site',
    effects: ['removeVm.record', 'removeVm.destroy', 'removeVm.expunge', 'removeVm.deleteRoot', 'removeVm.finish'],
    failures: ['vm-remove-failed', 'vm-holds-replicas', 'vm-job-pending'],
  },
  detachFromVm: {
    does: 'takes the volume off the failover VM',
    provenBy: 'the listing shows it on no VM, no pending job',
    queue: 'site',
    effects: ['detachFromVm.record', 'detachFromVm.send', 'detachFromVm.finish'],
    failures: ['detach-failed', 'job-pending'],
  },
  unmapFromVm: {
    does: 'moves the live mapping on the failover VM to the history',
    provenBy: 'row read back',
    queue: 'main',
    effects: ['unmapFromVm.record'],
    failures: [],
  },
  stopVm: {
    does: 'stops the failover VM',
    provenBy: 'listed as Stopped, or gone',
    queue: 'site',
    effects: ['stopVm.record', 'stopVm.send', 'stopVm.finish'],
    failures: ['vm-stop-failed', 'vm-job-pending'],
  },
};

export type PointWorkName = 'openPoint' | 'prunePoints';

/** What is done for recovery points beside the steps: nothing is owed for it, and each effect may be cut off like a step's. */
export const pointWork: Readonly<Record<PointWorkName, UndoRow>> = {
  openPoint: {
    does: 'decides whether a recovery point is needed, and opens it; one that an earlier run left half taken counts no more',
    provenBy: "the point's row",
    queue: 'site',
    effects: ['openPoint.record'],
    failures: [],
  },
  prunePoints: {
    does: 'removes recovery points beyond those that the site keeps, oldest first, and what earlier removals left',
    provenBy: 'gone from the list; what CloudStack did not delete is named and left to the next run',
    queue: 'site',
    effects: ['prunePoints.record', 'prunePoints.send', 'prunePoints.finish'],
    failures: ['job-pending'],
  },
};
