import type { FailureRecord } from '../domain/failures';
import type { SourceVmKey } from '../domain/names';
import type { Phase } from '../domain/phases';
import type { Tx } from './database';

/** A projection of runs for people and SQL; Temporal's history decides. One row per run, keyed by its first run id. */
export interface ReplicationJob extends SourceVmKey {
  readonly firstRunId: string;
  readonly workflowId: string;
  readonly vmName: string;
  readonly applianceId: string;
  readonly requestId: string;
  readonly requestDigest: string;
  readonly phase: Phase;
  readonly reason?: string;
  readonly failure?: FailureRecord;
  /** the run's result as JSON text, when it has ended */
  readonly result?: string;
  readonly startedAt: string;
  readonly updatedAt: string;
  readonly endedAt?: string;
}

export interface ReplicationJobs {
  /** Inserts the row, or finds it. `conflict` when the request id belongs to another run. */
  start(
    tx: Tx,
    job: Omit<ReplicationJob, 'phase' | 'reason' | 'failure' | 'result' | 'updatedAt' | 'endedAt'>,
  ): Promise<{ outcome: 'started' | 'there' } | { outcome: 'conflict'; other: ReplicationJob }>;
  /** Updates a row that has not ended; a call that arrives late changes nothing. */
  setPhase(tx: Tx, firstRunId: string, phase: Phase, reason?: string, failure?: FailureRecord): Promise<void>;
  end(tx: Tx, firstRunId: string, end: { phase: Phase; result?: string; failure?: FailureRecord }): Promise<void>;
  byRequestId(requestId: string): Promise<ReplicationJob | undefined>;
  latestOfVm(vm: SourceVmKey): Promise<ReplicationJob | undefined>;
  list(filter?: { site?: string; sourceVmId?: string; limit?: number }): Promise<ReplicationJob[]>;
}
