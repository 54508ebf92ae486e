import type { FailoverUndoName } from './failover-steps';
import type { UndoName } from './steps';

/** What is to become of a VM's volumes when its run stops. */
export type UndoPolicy =
  /** provisioning failed: everything this run made is taken back */
  | 'compensate'
  /** `cancel {keepVolumes: false}`: exports closed, mappings removed, volumes detached; empty ones deleted, those with data kept */
  | 'cancel'
  /** `cancel {keepVolumes: true}`: exports closed, nothing detached or deleted */
  | 'keep-volumes';

/**
 * Whether an undo that is owed for a step runs under a policy. Whether a volume may be deleted is not decided here: deleteVolume
 * itself keeps whatever a copy may have written.
 */
export function undoApplies(policy: UndoPolicy, step: string): boolean {
  return policy === 'keep-volumes' ? keptVolumesGiveBack.has(step) : true;
}

/** What is taken back though all volumes are kept: exports, snapshots of a point that was not completed, a detour off the appliance. */
const keptVolumesGiveBack: ReadonlySet<string> = new Set(['openExport', 'snapshotVolume', 'returnToAppliance']);

/** How an undo ended. `kept` is no failure: the thing holds data or was there before, and is named with the reason. */
export interface UndoOutcome {
  readonly undo: UndoName;
  readonly outcome: 'undone' | 'nothing-to-undo' | 'kept';
  /** what was kept and why, for people */
  readonly reason?: string;
}

/** How an undo of a failover, or of a recovery point, ended. */
export interface FailoverUndoOutcome extends Omit<UndoOutcome, 'undo'> {
  readonly undo: FailoverUndoName;
}
