import type { FailoverStepName, FailoverUndoName } from '../../domain/failover-steps';

/** The order in which a test goes; a step that is not on it brings its own way (`arrange` of its contract). */
export const testOrder: readonly FailoverStepName[] = [
  'snapshotVolume',
  'completePoint',
  'restoreVolume',
  'deployVm',
  'clearRoot',
  'attachToVm',
  'mapToVm',
  'startVm',
];

/** Newest first, whole stages one after another, as the ledger runs what is owed. */
export const undoOrder: readonly FailoverUndoName[] = [
  'stopVm',
  'unmapFromVm',
  'detachFromVm',
  'removeVm',
  'deleteRestoredVolume',
  'deleteSnapshot',
];
