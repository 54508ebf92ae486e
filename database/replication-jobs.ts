import type { Kysely, Selectable, UpdateObject } from 'kysely';
import { type FailureRecord, failureRecordSchema } from '../domain/failures';
import type { SourceVmKey } from '../domain/names';
import { type Phase, phaseSchema } from '../domain/phases';
import type { Tx } from './database';
import { RowMissingError, isDuplicateKey } from './errors';
import { readJson, readValue } from './row-json';
import type { Tables } from './schema';
import { asDateTime, now, sourceVmColumns, sourceVmOf } from './sql-parts';
import { transactionOf } from './tx';

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

/** Which runs; what is left out does not matter. */
export interface JobFilter {
  readonly site?: string;
  readonly sourceVmId?: string;
  /** in one of these phases */
  readonly phases?: readonly string[];
  /** ISO times */
  readonly startedBefore?: string;
  readonly startedAfter?: string;
  readonly limit?: number;
}

export interface ReplicationJobs {
  /** Inserts the row, or finds it. `conflict` when the request id belongs to another run. */
  start(
    tx: Tx,
    job: Omit<ReplicationJob, 'phase' | 'reason' | 'failure' | 'result' | 'updatedAt' | 'endedAt'>,
  ): Promise<{ outcome: 'started' | 'there' } | { outcome: 'conflict'; other: ReplicationJob }>;
  /** Updates a row that has not ended; a call that arrives late changes nothing. */
  setPhase(tx: Tx, firstRunId: string, phase: Phase, reason?: string, failure?: FailureRecord): Promise<void>;
  /** Ends a row; one that has ended stays as it is. */
  end(tx: Tx, firstRunId: string, end: { phase: Phase; result?: string; failure?: FailureRecord }): Promise<void>;
  byRequestId(requestId: string): Promise<ReplicationJob | undefined>;
  /** The run that was started last. */
  latestOfVm(vm: SourceVmKey): Promise<ReplicationJob | undefined>;
  /** All rows of a site that have not ended. */
  open(site: string): Promise<ReplicationJob[]>;
  /** Newest first; 100 when no limit is given. */
  list(filter?: JobFilter): Promise<ReplicationJob[]>;
}

export function makeReplicationJobs(db: Kysely<Tables>): ReplicationJobs {
  const all = (from: Kysely<Tables> = db) => from.selectFrom('replication_jobs').selectAll();
  /** Changes a row that has not ended; one that has stays as it is, one that is not there is a mistake. */
  const change = async (tx: Tx, firstRunId: string, set: UpdateObject<Tables, 'replication_jobs'>): Promise<void> => {
    const trx = transactionOf(tx);
    const result = await trx
      .updateTable('replication_jobs')
      .set({ ...set, updated_at: now })
      .where('first_run_id', '=', firstRunId)
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    if (result.numUpdatedRows > 0n) return;
    const row = await all(trx).where('first_run_id', '=', firstRunId).executeTakeFirst();
    if (row === undefined) throw new RowMissingError('replication_jobs', firstRunId);
  };
  return {
    async start(tx, job) {
      const trx = transactionOf(tx);
      try {
        await trx.insertInto('replication_jobs').values(newRow(job)).execute();
        return { outcome: 'started' };
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        // Rows are never removed, so whichever was in the way is still there.
        const other = await all(trx).where('request_id', '=', job.requestId).executeTakeFirst();
        if (other === undefined || other.first_run_id === job.firstRunId) return { outcome: 'there' };
        return { outcome: 'conflict', other: jobOf(other) };
      }
    },

    setPhase: (tx, firstRunId, phase, reason, failure) =>
      change(tx, firstRunId, { phase, reason: reason ?? null, failure: failureText(failure) }),

    end: (tx, firstRunId, end) =>
      change(tx, firstRunId, {
        phase: end.phase,
        reason: null,
        result: end.result ?? null,
        failure: failureText(end.failure),
        ended_at: now,
      }),

    async byRequestId(requestId) {
      const row = await all().where('request_id', '=', requestId).executeTakeFirst();
      return row === undefined ? undefined : jobOf(row);
    },

    async latestOfVm(vm) {
      const row = await all()
        .where((eb) => eb.and(sourceVmColumns(vm)))
        .orderBy('seq', 'desc')
        .limit(1)
        .executeTakeFirst();
      return row === undefined ? undefined : jobOf(row);
    },

    async open(site) {
      const rows = await all().where('site', '=', site).where('ended_at', 'is', null).orderBy('seq').execute();
      return rows.map(jobOf);
    },

    async list(filter = {}) {
      let query = all()
        .orderBy('seq', 'desc')
        .limit(filter.limit ?? 100);
      if (filter.site !== undefined) query = query.where('site', '=', filter.site);
      if (filter.sourceVmId !== undefined) query = query.where('source_vm_id', '=', filter.sourceVmId);
      if (filter.phases !== undefined) query = query.where('phase', 'in', filter.phases);
      if (filter.startedBefore !== undefined) query = query.where('started_at', '<', asDateTime(filter.startedBefore));
      if (filter.startedAfter !== undefined) query = query.where('started_at', '>', asDateTime(filter.startedAfter));
      return (await query.execute()).map(jobOf);
    },
  };
}

function failureText(failure: FailureRecord | undefined): string | null {
  return failure === undefined ? null : JSON.stringify(failure);
}

function newRow(job: Parameters<ReplicationJobs['start']>[1]) {
  return {
    ...sourceVmColumns(job),
    first_run_id: job.firstRunId,
    workflow_id: job.workflowId,
    vm_name: job.vmName,
    appliance_id: job.applianceId,
    request_id: job.requestId,
    request_digest: job.requestDigest,
    phase: 'preflight' satisfies Phase,
    reason: null,
    failure: null,
    result: null,
    started_at: asDateTime(job.startedAt),
    updated_at: now,
    ended_at: null,
  };
}

function jobOf(row: Selectable<Tables['replication_jobs']>): ReplicationJob {
  return {
    ...sourceVmOf(row),
    firstRunId: row.first_run_id,
    workflowId: row.workflow_id,
    vmName: row.vm_name,
    applianceId: row.appliance_id,
    requestId: row.request_id,
    requestDigest: row.request_digest,
    phase: readValue('replication_jobs', row.first_run_id, phaseSchema, row.phase),
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.failure === null
      ? {}
      : { failure: readJson('replication_jobs', row.first_run_id, failureRecordSchema, row.failure) }),
    ...(row.result === null ? {} : { result: row.result }),
    startedAt: row.started_at,
    updatedAt: row.updated_at,
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at }),
  };
}
