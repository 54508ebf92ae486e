import type { Kysely, Selectable, UpdateObject } from 'kysely';
import { z } from 'zod';
import { type FailoverPhase, failoverPhaseSchema } from '../domain/failover-phases';
import { type FailoverKind, failoverKindSchema } from '../domain/failover-state';
import { type FailureRecord, failureRecordSchema } from '../domain/failures';
import { uuidSchema } from '../domain/identifiers';
import { type SourceVmKey, sourceVmPath } from '../domain/names';
import type { Tx } from './database';
import { RowConflictError, RowMissingError, isDuplicateKey } from './errors';
import { readJson, readValue } from './row-json';
import type { Tables } from './schema';
import { asDateTime, now, sourceVmColumns, sourceVmOf } from './sql-parts';
import { transactionOf } from './tx';

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
  /** All rows of a site that have not ended. */
  open(site: string): Promise<FailoverRun[]>;
  /** Newest first; 100 when no limit is given. */
  list(filter?: { site?: string; sourceVmId?: string; limit?: number }): Promise<FailoverRun[]>;

  /**
   * Records that the VM is failed over; `there` when this very failover VM stands already.
   *
   * @throws RowConflictError when it is another
   */
  goLive(tx: Tx, live: Omit<LiveFailover, 'since'>): Promise<'recorded' | 'there'>;
  /** Takes the row away if it names this failover VM. */
  endLive(tx: Tx, vm: SourceVmKey, failoverVmId: string): Promise<void>;
  /** @param tx - to see it behind a lock that the transaction holds */
  liveOf(vm: SourceVmKey, tx?: Tx): Promise<LiveFailover | undefined>;
}

const volumesSchema = z.array(z.object({ diskKey: z.int(), volumeId: uuidSchema }));

export function makeFailovers(db: Kysely<Tables>): Failovers {
  const all = (from: Kysely<Tables> = db) => from.selectFrom('failovers').selectAll();
  /** Changes a row that has not ended; one that has stays as it is, one that is not there is a mistake. */
  const change = async (tx: Tx, firstRunId: string, set: UpdateObject<Tables, 'failovers'>): Promise<void> => {
    const trx = transactionOf(tx);
    const result = await trx
      .updateTable('failovers')
      .set({ ...set, updated_at: now })
      .where('first_run_id', '=', firstRunId)
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    if (result.numUpdatedRows > 0n) return;
    const row = await all(trx).where('first_run_id', '=', firstRunId).executeTakeFirst();
    if (row === undefined) throw new RowMissingError('failovers', firstRunId);
  };
  const live = async (from: Kysely<Tables>, vm: SourceVmKey): Promise<LiveFailover | undefined> => {
    const row = await from
      .selectFrom('live_failovers')
      .selectAll()
      .where((eb) => eb.and(sourceVmColumns(vm)))
      .executeTakeFirst();
    return row === undefined ? undefined : liveOfRow(row);
  };
  return {
    async start(tx, run) {
      const trx = transactionOf(tx);
      try {
        await trx.insertInto('failovers').values(newRow(run)).execute();
        return { outcome: 'started' };
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        // Rows are never removed, so whichever was in the way is still there.
        const other = await all(trx).where('request_id', '=', run.requestId).executeTakeFirst();
        if (other === undefined || other.first_run_id === run.firstRunId) return { outcome: 'there' };
        return { outcome: 'conflict', other: runOf(other) };
      }
    },

    update: (tx, firstRunId, { phase, reason, failure, failoverVmId, pointId, leaseUntil }) =>
      change(tx, firstRunId, {
        phase,
        reason: reason ?? null,
        failure: failure === undefined ? null : JSON.stringify(failure),
        ...(failoverVmId === undefined ? {} : { failover_vm_id: failoverVmId }),
        ...(pointId === undefined ? {} : { point_id: pointId }),
        ...(leaseUntil === undefined ? {} : { lease_until: asDateTime(leaseUntil) }),
      }),

    end: (tx, firstRunId, { phase, result, failure }) =>
      change(tx, firstRunId, {
        phase,
        reason: null,
        result: result ?? null,
        failure: failure === undefined ? null : JSON.stringify(failure),
        ended_at: now,
      }),

    async get(firstRunId) {
      const row = await all().where('first_run_id', '=', firstRunId).executeTakeFirst();
      return row === undefined ? undefined : runOf(row);
    },

    async byRequestId(requestId) {
      const row = await all().where('request_id', '=', requestId).executeTakeFirst();
      return row === undefined ? undefined : runOf(row);
    },

    async open(site) {
      const rows = await all().where('site', '=', site).where('ended_at', 'is', null).orderBy('seq').execute();
      return rows.map(runOf);
    },

    async list(filter = {}) {
      let query = all()
        .orderBy('seq', 'desc')
        .limit(filter.limit ?? 100);
      if (filter.site !== undefined) query = query.where('site', '=', filter.site);
      if (filter.sourceVmId !== undefined) query = query.where('source_vm_id', '=', filter.sourceVmId);
      return (await query.execute()).map(runOf);
    },

    async goLive(tx, wanted) {
      const trx = transactionOf(tx);
      try {
        await trx
          .insertInto('live_failovers')
          .values({
            ...sourceVmColumns(wanted),
            failover_vm_id: wanted.failoverVmId,
            failover_vm_name: wanted.failoverVmName,
            appliance_id: wanted.applianceId,
            point_id: wanted.pointId,
            volumes: JSON.stringify(wanted.volumes),
            first_run_id: wanted.firstRunId,
            since: now,
          })
          .execute();
        return 'recorded';
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        const found = await live(trx, wanted);
        if (found?.failoverVmId === wanted.failoverVmId) return 'there';
        const words = (place: Pick<LiveFailover, 'failoverVmId' | 'failoverVmName'> | undefined): string =>
          place === undefined ? 'of another source VM' : `on ${place.failoverVmName} (${place.failoverVmId})`;
        throw new RowConflictError('live_failovers', sourceVmPath(wanted), words(wanted), words(found));
      }
    },

    async endLive(tx, vm, failoverVmId) {
      await transactionOf(tx)
        .deleteFrom('live_failovers')
        .where((eb) => eb.and({ ...sourceVmColumns(vm), failover_vm_id: failoverVmId }))
        .execute();
    },

    liveOf: (vm, tx) => live(tx === undefined ? db : transactionOf(tx), vm),
  };
}

function newRow(run: Parameters<Failovers['start']>[1]) {
  return {
    ...sourceVmColumns(run),
    first_run_id: run.firstRunId,
    workflow_id: run.workflowId,
    kind: run.kind,
    vm_name: run.vmName,
    appliance_id: run.applianceId,
    request_id: run.requestId,
    request_digest: run.requestDigest,
    phase: 'preflight' satisfies FailoverPhase,
    reason: null,
    failure: null,
    result: null,
    failover_vm_id: null,
    failover_vm_name: run.failoverVmName ?? null,
    point_id: null,
    lease_until: null,
    started_at: asDateTime(run.startedAt),
    updated_at: now,
    ended_at: null,
  };
}

function runOf(row: Selectable<Tables['failovers']>): FailoverRun {
  return {
    ...sourceVmOf(row),
    firstRunId: row.first_run_id,
    workflowId: row.workflow_id,
    kind: readValue('failovers', row.first_run_id, failoverKindSchema, row.kind),
    vmName: row.vm_name,
    applianceId: row.appliance_id,
    requestId: row.request_id,
    requestDigest: row.request_digest,
    phase: readValue('failovers', row.first_run_id, failoverPhaseSchema, row.phase),
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.failure === null
      ? {}
      : { failure: readJson('failovers', row.first_run_id, failureRecordSchema, row.failure) }),
    ...(row.result === null ? {} : { result: row.result }),
    ...(row.failover_vm_id === null ? {} : { failoverVmId: row.failover_vm_id }),
    ...(row.failover_vm_name === null ? {} : { failoverVmName: row.failover_vm_name }),
    ...(row.point_id === null ? {} : { pointId: row.point_id }),
    ...(row.lease_until === null ? {} : { leaseUntil: row.lease_until }),
    startedAt: row.started_at,
    updatedAt: row.updated_at,
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at }),
  };
}

function liveOfRow(row: Selectable<Tables['live_failovers']>): LiveFailover {
  return {
    ...sourceVmOf(row),
    failoverVmId: row.failover_vm_id,
    failoverVmName: row.failover_vm_name,
    applianceId: row.appliance_id,
    pointId: row.point_id,
    volumes: readJson('live_failovers', row.failover_vm_id, volumesSchema, row.volumes),
    firstRunId: row.first_run_id,
    since: row.since,
  };
}
