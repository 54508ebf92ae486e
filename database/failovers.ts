import type { FailureRecord } from '../domain/failures';
import type { FailoverPhase } from '../domain/failover-phases';
import type { FailoverKind } from '../domain/failover-state';
import type { SourceVmKey } from '../domain/names';
import type { Tx } from './database';

/** A projection of failovers, failbacks and reverts for people and SQL; Temporal's history decides. */
export interface FailoverRun extends SourceVmKey {
  readonly firstRunId: string;
  readonly workflowId: string;
  readonly kind: FailoverKind;
  readonly vmName: string;
  readonly applianceId: string;
  readonly requestId: string;
  readonly requestDigest: string;
  readonly phase: FailoverPhase;
  readonly reason?: string;
  readonly failure?: FailureRecord;
  /** the run's result as JSON text, when it has ended */
  readonly result?: string;
  readonly failoverVmId?: string;
  readonly failoverVmName?: string;
  readonly pointId?: string;
  readonly leaseUntil?: string;
  readonly startedAt: string;
  readonly updatedAt: string;
  readonly endedAt?: string;
}

/** Where a VM is failed over to now: live rows only, one per source VM. It excludes replication until the failback. */
export interface LiveFailover extends SourceVmKey {
  readonly failoverVmId: string;
  readonly failoverVmName: string;
  readonly applianceId: string;
  /** the recovery point that was taken before the replicas were moved */
  readonly pointId: string;
  readonly volumes: readonly { readonly diskKey: number; readonly volumeId: string }[];
  readonly firstRunId: string;
  readonly since: string;
}

export interface Failovers {
  /** Inserts the row of a run, or finds it. `conflict` when the request id belongs to another run. */
  start(
    tx: Tx,
    run: Omit<
      FailoverRun,
      'phase' | 'reason' | 'failure' | 'result' | 'failoverVmId' | 'pointId' | 'leaseUntil' | 'updatedAt' | 'endedAt'
    >,
  ): Promise<{ outcome: 'started' | 'there' } | { outcome: 'conflict'; other: FailoverRun }>;
  /** Updates a row that has not ended; a call that arrives late changes nothing. Fields left out stay as they are. */
  update(
    tx: Tx,
    firstRunId: string,
    change: {
      phase: FailoverPhase;
      reason?: string;
      failure?: FailureRecord;
      failoverVmId?: string;
      pointId?: string;
      leaseUntil?: string;
    },
  ): Promise<void>;
  /** Ends a row; one that has ended stays as it is. */
  end(
    tx: Tx,
    firstRunId: string,
    end: { phase: FailoverPhase; result?: string; failure?: FailureRecord },
  ): Promise<void>;
  get(firstRunId: string): Promise<FailoverRun | undefined>;
  byRequestId(requestId: string): Promise<FailoverRun | undefined>;
  /** Newest first; 100 when no limit is given. */
  list(filter?: { site?: string; sourceVmId?: string; limit?: number }): Promise<FailoverRun[]>;

  /** Records that the VM is failed over; the same row again is success. @throws RowConflictError when it is another */
  goLive(tx: Tx, live: Omit<LiveFailover, 'since'>): Promise<void>;
  /** Takes the row away if it names this failover VM. */
  endLive(tx: Tx, vm: SourceVmKey, failoverVmId: string): Promise<void>;
  liveOf(vm: SourceVmKey): Promise<LiveFailover | undefined>;
}
