import type { Kysely, Selectable } from 'kysely';
import { z } from 'zod';
import type { SourceVmKey } from '../domain/names';
import type { Tx } from './database';
import { RowMissingError, isDuplicateKey } from './errors';
import { narrowed, type OperationFilter } from './operation-filter';
import { readJson } from './row-json';
import type { Tables } from './schema';
import { now, sourceVmColumns, sourceVmOf } from './sql-parts';
import { transactionOf } from './tx';

const operationKindSchema = z.enum([
  'create',
  'attach',
  'detach',
  'delete',
  'protect',
  'snapshot',
  'delete-snapshot',
  'restore',
]);
type OperationKind = z.output<typeof operationKindSchema>;
/** The kinds of operations on volumes. */
export const volumeOperationKinds: readonly OperationKind[] = operationKindSchema.options;

const operationStateSchema = z.enum(['recorded', 'done', 'failed']);
/**
 * `recorded`: the row is there, nothing was sent as far as is known. `done` and `failed` are final; `failed` means proven to have
 * had no effect, or an effect that was taken back.
 */
type OperationState = z.output<typeof operationStateSchema>;

/** One row per create, attach, detach, delete: audit trail, and guard against a late detach. Rows are never removed. */
export interface VolumeOperation extends SourceVmKey {
  readonly id: string;
  readonly kind: OperationKind;
  readonly diskKey: number;
  readonly attempt: number;
  /** known from the start for everything but a create without a chosen volume id */
  readonly volumeId?: string;
  readonly volumeName?: string;
  /** the VM that it is attached to or detached from */
  readonly vmId?: string;
  /** the CloudStack job id chosen before sending */
  readonly jobId?: string;
  /** true when the volume's id was chosen before sending (customid) */
  readonly choseVolumeId: boolean;
  /** what was found before the first act of this kind by this run: a repeated step must not take its own effect for it */
  readonly found?: Readonly<Record<string, string | number | boolean>>;
  readonly state: OperationState;
  readonly failure?: string;
  /** the outcome was unknown at least once (lost answer, restart, cancelled job): a ghost disk may appear */
  readonly doubtful: boolean;
  readonly workflowId: string;
  readonly firstRunId: string;
  readonly runId: string;
  readonly activityId: string;
  readonly epoch: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** At most one `recorded` row per volume: a unique key on a generated column. */
export class OperationActiveError extends Error {
  constructor(readonly active: VolumeOperation) {
    super(`volume ${active.volumeId ?? '?'} has an unfinished ${active.kind} (${active.id})`);
    this.name = 'OperationActiveError';
  }
}

export interface VolumeOperations {
  /**
   * Writes the row of an operation that is about to be sent; a row of the same id stays as it is.
   *
   * @throws OperationActiveError when another unfinished one stands for the same volume
   */
  record(
    tx: Tx,
    operation: Omit<VolumeOperation, 'state' | 'failure' | 'doubtful' | 'createdAt' | 'updatedAt'>,
  ): Promise<void>;
  /** Closes a row. `volumeId` fills in what a create made. A row that is final already stays as it is. */
  finish(tx: Tx, id: string, end: { state: 'done' | 'failed'; volumeId?: string; failure?: string }): Promise<void>;
  markDoubtful(tx: Tx, id: string): Promise<void>;
  get(id: string): Promise<VolumeOperation | undefined>;
  /** The unfinished operation of a volume, whoever's it is. */
  active(volumeId: string): Promise<VolumeOperation | undefined>;
  /** Operations on one disk, oldest first. */
  ofDisk(
    vm: SourceVmKey,
    diskKey: number,
    filter?: { kind?: OperationKind; firstRunId?: string; attempt?: number },
  ): Promise<VolumeOperation[]>;
  /** Operations on one volume, oldest first. */
  ofVolume(volumeId: string): Promise<VolumeOperation[]>;
  unfinished(): Promise<VolumeOperation[]>;
  /** Newest first; 100 when no limit is given. */
  list(filter?: OperationFilter<OperationKind>): Promise<VolumeOperation[]>;
}

const foundSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

export function makeVolumeOperations(db: Kysely<Tables>): VolumeOperations {
  const rows = (from: Kysely<Tables> = db) => from.selectFrom('volume_operations').selectAll().orderBy('seq');
  const byId = async (from: Kysely<Tables>, id: string) => await rows(from).where('id', '=', id).executeTakeFirst();
  const activeOf = async (from: Kysely<Tables>, volumeId: string): Promise<VolumeOperation | undefined> => {
    const row = await rows(from).where('active_volume_id', '=', volumeId).executeTakeFirst();
    return row === undefined ? undefined : operationOf(row);
  };
  return {
    async record(tx, operation) {
      const trx = transactionOf(tx);
      for (let round = 1; ; round += 1) {
        try {
          await trx.insertInto('volume_operations').values(newRow(operation)).execute();
          return;
        } catch (error) {
          if (!isDuplicateKey(error)) throw error;
          if ((await byId(trx, operation.id)) !== undefined) return;
          const active = operation.volumeId === undefined ? undefined : await activeOf(trx, operation.volumeId);
          if (active !== undefined) throw new OperationActiveError(active);
          // The other one ended between the two statements: its place is free now.
          if (round === 3) throw error;
        }
      }
    },

    async finish(tx, id, end) {
      const trx = transactionOf(tx);
      const result = await trx
        .updateTable('volume_operations')
        .set({
          state: end.state,
          failure: end.failure ?? null,
          updated_at: now,
          ...(end.volumeId === undefined ? {} : { volume_id: end.volumeId }),
        })
        .where('id', '=', id)
        .where('state', '=', 'recorded')
        .executeTakeFirst();
      if (result.numUpdatedRows === 0n && (await byId(trx, id)) === undefined) {
        throw new RowMissingError('volume_operations', id);
      }
    },

    async markDoubtful(tx, id) {
      const result = await transactionOf(tx)
        .updateTable('volume_operations')
        .set({ doubtful: true, updated_at: now })
        .where('id', '=', id)
        .executeTakeFirst();
      if (result.numUpdatedRows === 0n) throw new RowMissingError('volume_operations', id);
    },

    async get(id) {
      const row = await byId(db, id);
      return row === undefined ? undefined : operationOf(row);
    },

    active: (volumeId) => activeOf(db, volumeId),

    async ofDisk(vm, diskKey, filter = {}) {
      let query = rows().where((eb) => eb.and({ ...sourceVmColumns(vm), disk_key: diskKey }));
      if (filter.kind !== undefined) query = query.where('kind', '=', filter.kind);
      if (filter.firstRunId !== undefined) query = query.where('first_run_id', '=', filter.firstRunId);
      if (filter.attempt !== undefined) query = query.where('attempt', '=', filter.attempt);
      return (await query.execute()).map(operationOf);
    },

    async ofVolume(volumeId) {
      return (await rows().where('volume_id', '=', volumeId).execute()).map(operationOf);
    },

    async unfinished() {
      return (await rows().where('state', '=', 'recorded').execute()).map(operationOf);
    },

    async list(filter = {}) {
      return (await narrowed(db.selectFrom('volume_operations').selectAll(), filter).execute()).map(operationOf);
    },
  };
}

function newRow(operation: Parameters<VolumeOperations['record']>[1]) {
  return {
    ...sourceVmColumns(operation),
    id: operation.id,
    kind: operation.kind,
    disk_key: operation.diskKey,
    attempt: operation.attempt,
    volume_id: operation.volumeId ?? null,
    volume_name: operation.volumeName ?? null,
    vm_id: operation.vmId ?? null,
    job_id: operation.jobId ?? null,
    chose_volume_id: operation.choseVolumeId,
    found: operation.found === undefined ? null : JSON.stringify(operation.found),
    state: 'recorded' satisfies OperationState,
    failure: null,
    doubtful: false,
    workflow_id: operation.workflowId,
    first_run_id: operation.firstRunId,
    run_id: operation.runId,
    activity_id: operation.activityId,
    epoch: operation.epoch,
    created_at: now,
    updated_at: now,
  };
}

function operationOf(row: Selectable<Tables['volume_operations']>): VolumeOperation {
  return {
    ...sourceVmOf(row),
    id: row.id,
    kind: operationKindSchema.parse(row.kind),
    diskKey: row.disk_key,
    attempt: row.attempt,
    ...(row.volume_id === null ? {} : { volumeId: row.volume_id }),
    ...(row.volume_name === null ? {} : { volumeName: row.volume_name }),
    ...(row.vm_id === null ? {} : { vmId: row.vm_id }),
    ...(row.job_id === null ? {} : { jobId: row.job_id }),
    choseVolumeId: row.chose_volume_id,
    ...(row.found === null ? {} : { found: readJson('volume_operations', row.id, foundSchema, row.found) }),
    state: operationStateSchema.parse(row.state),
    ...(row.failure === null ? {} : { failure: row.failure }),
    doubtful: row.doubtful,
    workflowId: row.workflow_id,
    firstRunId: row.first_run_id,
    runId: row.run_id,
    activityId: row.activity_id,
    epoch: row.epoch,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
