import type { SourceVmKey } from '../domain/names';
import type { Tx } from './database';

export interface VmClaim {
  readonly kind: 'replication' | 'release';
  readonly workflowId: string;
  readonly runId: string;
  readonly epoch: number;
  readonly since: string;
}

/** One row per source VM; the row stays when nobody holds it, so that the epoch only grows. Written by nobody else. */
export interface VmClaims {
  /** The holder, or undefined when the VM is free or unknown. */
  holder(vm: SourceVmKey): Promise<VmClaim | undefined>;
  /**
   * Takes a free VM, or finds it held by this very run already. `replaces` is the run id of a holder that is known to be closed:
   * the claim is taken over from exactly that run, with a higher epoch.
   */
  take(
    tx: Tx,
    vm: SourceVmKey,
    claim: { kind: VmClaim['kind']; workflowId: string; runId: string; replaces?: string },
  ): Promise<{ outcome: 'taken'; epoch: number } | { outcome: 'held'; holder: VmClaim }>;
  /** Gives the VM free if this run holds it; true when it did. */
  release(tx: Tx, vm: SourceVmKey, runId: string): Promise<boolean>;
}
