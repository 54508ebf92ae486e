import type { Kysely, Selectable } from 'kysely';
import { z } from 'zod';
import type { SourceVmKey } from '../domain/names';
import type { Tx } from './database';
import { RowMissingError, isDuplicateKey } from './errors';
import { narrowed, type OperationFilter } from './operation-filter';
import { readValue } from './row-json';
import type { Tables } from './schema';
import { now, sourceVmColumns, sourceVmOf } from './sql-parts';
import { transactionOf } from './tx';

const kindSchema = z.enum(['deploy', 'clear-root', 'start', 'stop', 'destroy', 'expunge']);
export type VmOperationKind = z.output<typeof kindSchema>;
/** The kinds of operations on failover VMs. */
export const vmOperationKinds: readonly VmOperationKind[] = kindSchema.options;

const stateSchema = z.enum(['recorded', 'done', 'failed']);

/** One row per operation on a failover VM, as volume_operations has them for volumes. Rows are never removed. */
export interface VmOperation extends SourceVmKey {
  readonly id: string;
  readonly kind: VmOperationKind;
  readonly attempt: number;
  /** known from the start for everything but a deploy without a chosen id */
  readonly failoverVmId?: string;
  readonly failoverVmName: string;
  /** the CloudStack job id chosen before sending */
  readonly jobId?: string;
  /** true when the VM's id was chosen before sending (customid) */
  readonly choseVmId: boolean;
  /** clear-root: the root volume that the template made, so that it is deleted even after it was detached */
  readonly rootVolumeId?: string;
  readonly state: z.output<typeof stateSchema>;
  readonly failure?: string;
  readonly workflowId: string;
  readonly firstRunId: string;
  readonly runId: string;
  readonly activityId: string;
  readonly epoch: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** At most one `recorded` row per failover VM: a unique key on a generated column. */
export class VmOperationActiveError extends Error {
  constructor(readonly active: VmOperation) {
    super(
      `failover VM ${active.failoverVmId ?? active.failoverVmName} has an unfinished ${active.kind} (${active.id})`,
    );
    this.name = 'VmOperationActiveError';
  }
}

export interface VmOperations {
  /**
   * Writes the row of an operation that is about to be sent; a row of the same id stays as it is.
   *
   * @throws VmOperationActiveError when another unfinished one stands for the same VM
   */
  record(tx: Tx, operation: Omit<VmOperation, 'state' | 'failure' | 'createdAt' | 'updatedAt'>): Promise<void>;
  /** Closes a row; one that is final already stays as it is. */
  finish(tx: Tx, id: string, end: { state: 'done' | 'failed'; failoverVmId?: string; failure?: string }): Promise<void>;
  get(id: string): Promise<VmOperation | undefined>;
  /** The unfinished operation of a failover VM, whoever's it is. */
  active(failoverVmId: string): Promise<VmOperation | undefined>;
  /** Operations of a source VM, oldest first. */
  ofSourceVm(
    vm: SourceVmKey,
    filter?: { kind?: VmOperationKind; firstRunId?: string; attempt?: number },
  ): Promise<VmOperation[]>;
  /** Operations on one failover VM, oldest first. */
  ofVm(failoverVmId: string): Promise<VmOperation[]>;
  /** Newest first; 100 when no limit is given. */
  list(filter?: OperationFilter<VmOperationKind>): Promise<VmOperation[]>;
}

export function makeVmOperations(db: Kysely<Tables>): VmOperations {
  const rows = (from: Kysely<Tables> = db) => from.selectFrom('vm_operations').selectAll().orderBy('seq');
  const byId = async (from: Kysely<Tables>, id: string) => await rows(from).where('id', '=', id).executeTakeFirst();
  const activeOf = async (from: Kysely<Tables>, failoverVmId: string): Promise<VmOperation | undefined> => {
    const row = await rows(from).where('active_vm_id', '=', failoverVmId).executeTakeFirst();
    return row === undefined ? undefined : operationOf(row);
  };
  return {
    async record(tx, operation) {
      const trx = transactionOf(tx);
      for (let round = 1; ; round += 1) {
        try {
          await trx.insertInto('vm_operations').values(newRow(operation)).execute();
          return;
        } catch (error) {
          if (!isDuplicateKey(error)) throw error;
          if ((await byId(trx, operation.id)) !== undefined) return;
          const { failoverVmId } = operation;
          const active = failoverVmId === undefined ? undefined : await activeOf(trx, failoverVmId);
          if (active !== undefined) throw new VmOperationActiveError(active);
          // The other one ended between the two statements: its place is free now.
          if (round === 3) throw error;
        }
      }
    },

    async finish(tx, id, end) {
      const trx = transactionOf(tx);
      const result = await trx
        .updateTable('vm_operations')
        .set({
          state: end.state,
          failure: end.failure ?? null,
          updated_at: now,
          ...(end.failoverVmId === undefined ? {} : { failover_vm_id: end.failoverVmId }),
        })
        .where('id', '=', id)
        .where('state', '=', 'recorded')
        .executeTakeFirst();
      if (result.numUpdatedRows === 0n && (await byId(trx, id)) === undefined) {
        throw new RowMissingError('vm_operations', id);
      }
    },

    async get(id) {
      const row = await byId(db, id);
      return row === undefined ? undefined : operationOf(row);
    },

    active: (failoverVmId) => activeOf(db, failoverVmId),

    async ofSourceVm(vm, filter = {}) {
      let query = rows().where((eb) => eb.and(sourceVmColumns(vm)));
      if (filter.kind !== undefined) query = query.where('kind', '=', filter.kind);
      if (filter.firstRunId !== undefined) query = query.where('first_run_id', '=', filter.firstRunId);
      if (filter.attempt !== undefined) query = query.where('attempt', '=', filter.attempt);
      return (await query.execute()).map(operationOf);
    },

    async ofVm(failoverVmId) {
      return (await rows().where('failover_vm_id', '=', failoverVmId).execute()).map(operationOf);
    },

    async list(filter = {}) {
      return (await narrowed(db.selectFrom('vm_operations').selectAll(), filter).execute()).map(operationOf);
    },
  };
}

function newRow(operation: Parameters<VmOperations['record']>[1]) {
  return {
    ...sourceVmColumns(operation),
    id: operation.id,
    kind: operation.kind,
    attempt: operation.attempt,
    failover_vm_id: operation.failoverVmId ?? null,
    failover_vm_name: operation.failoverVmName,
    job_id: operation.jobId ?? null,
    chose_vm_id: operation.choseVmId,
    root_volume_id: operation.rootVolumeId ?? null,
    state: 'recorded' satisfies VmOperation['state'],
    failure: null,
    workflow_id: operation.workflowId,
    first_run_id: operation.firstRunId,
    run_id: operation.runId,
    activity_id: operation.activityId,
    epoch: operation.epoch,
    created_at: now,
    updated_at: now,
  };
}

function operationOf(row: Selectable<Tables['vm_operations']>): VmOperation {
  return {
    ...sourceVmOf(row),
    id: row.id,
    kind: readValue('vm_operations', row.id, kindSchema, row.kind),
    attempt: row.attempt,
    ...(row.failover_vm_id === null ? {} : { failoverVmId: row.failover_vm_id }),
    failoverVmName: row.failover_vm_name,
    ...(row.job_id === null ? {} : { jobId: row.job_id }),
    choseVmId: row.chose_vm_id,
    ...(row.root_volume_id === null ? {} : { rootVolumeId: row.root_volume_id }),
    state: readValue('vm_operations', row.id, stateSchema, row.state),
    ...(row.failure === null ? {} : { failure: row.failure }),
    workflowId: row.workflow_id,
    firstRunId: row.first_run_id,
    runId: row.run_id,
    activityId: row.activity_id,
    epoch: row.epoch,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
