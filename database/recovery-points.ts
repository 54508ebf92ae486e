import { type Kysely, type Selectable, type UpdateObject, sql } from 'kysely';
import { z } from 'zod';
import { type PointPurpose, pointPurposeSchema } from '../domain/failover-io';
import type { SourceVmKey } from '../domain/names';
import type { Tx } from './database';
import { RowMissingError, isDuplicateKey } from './errors';
import { readValue } from './row-json';
import type { Tables } from './schema';
import { now, sourceVmColumns, sourceVmOf } from './sql-parts';
import { transactionOf } from './tx';

const pointStateSchema = z.enum(['taking', 'complete', 'removing', 'gone']);
/**
 * `taking`: its snapshots are being made. `complete`: all of them are there. `removing`: they are being deleted, it counts for
 * nothing. `gone`: none is left.
 */
export type PointState = z.output<typeof pointStateSchema>;

/** One recovery point: snapshots of all volumes of a VM, all or none. Rows are never removed. */
export interface RecoveryPoint extends SourceVmKey {
  readonly id: string;
  readonly purpose: PointPurpose;
  readonly state: PointState;
  readonly workflowId: string;
  readonly firstRunId: string;
  readonly createdAt: string;
  readonly completedAt?: string;
  readonly goneAt?: string;
  readonly snapshots: readonly PointSnapshotRow[];
}

export interface PointSnapshotRow {
  readonly diskKey: number;
  readonly boot: boolean;
  readonly volumeId: string;
  readonly sizeBytes: number;
  /** the volume's generation and verified hash when the point was opened */
  readonly generation: number;
  readonly hash?: string;
  /** set when the snapshot is known */
  readonly snapshotId?: string;
  readonly snapshotName?: string;
  readonly goneAt?: string;
}

export interface RecoveryPoints {
  /** Inserts the point as `taking` with a row for each disk; one of the same id stays as it is. */
  open(
    tx: Tx,
    point: Pick<RecoveryPoint, 'id' | 'purpose' | 'workflowId' | 'firstRunId'> &
      SourceVmKey & {
        readonly disks: readonly Omit<PointSnapshotRow, 'snapshotId' | 'snapshotName' | 'goneAt'>[];
      },
  ): Promise<void>;
  /** @throws RowMissingError */
  setSnapshot(
    tx: Tx,
    pointId: string,
    diskKey: number,
    snapshot: { snapshotId: string; snapshotName: string },
  ): Promise<void>;
  markSnapshotGone(tx: Tx, pointId: string, diskKey: number): Promise<void>;
  /** `complete` only from `taking`; `removing` from anywhere but `gone`; `gone` always. True when the row is in that state now. */
  setState(tx: Tx, pointId: string, state: 'complete' | 'removing' | 'gone'): Promise<boolean>;
  get(pointId: string): Promise<RecoveryPoint | undefined>;
  /** Points of a VM that are not gone, newest first. */
  ofVm(vm: SourceVmKey): Promise<RecoveryPoint[]>;
  /** Points of all VMs that are not gone, newest first. */
  list(): Promise<RecoveryPoint[]>;
}

export function makeRecoveryPoints(db: Kysely<Tables>): RecoveryPoints {
  const points = () => db.selectFrom('recovery_points').selectAll().orderBy('seq', 'desc');
  const whole = async (rows: readonly Selectable<Tables['recovery_points']>[]): Promise<RecoveryPoint[]> => {
    if (rows.length === 0) return [];
    const snapshots = await db
      .selectFrom('recovery_point_snapshots')
      .selectAll()
      .where(
        'point_id',
        'in',
        rows.map((row) => row.id),
      )
      .orderBy('disk_key')
      .execute();
    return rows.map((row) =>
      pointOf(
        row,
        snapshots.filter((snapshot) => snapshot.point_id === row.id),
      ),
    );
  };
  return {
    async open(tx, point) {
      const trx = transactionOf(tx);
      const { id, purpose, workflowId, firstRunId, disks } = point;
      try {
        await trx
          .insertInto('recovery_points')
          .values({
            ...sourceVmColumns(point),
            id,
            purpose,
            state: 'taking' satisfies PointState,
            workflow_id: workflowId,
            first_run_id: firstRunId,
            created_at: now,
            completed_at: null,
            gone_at: null,
          })
          .execute();
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        return;
      }
      await trx
        .insertInto('recovery_point_snapshots')
        .values(
          disks.map((disk) => ({
            point_id: id,
            disk_key: disk.diskKey,
            boot: disk.boot,
            volume_id: disk.volumeId,
            size_bytes: disk.sizeBytes,
            generation: disk.generation,
            hash: disk.hash ?? null,
            snapshot_id: null,
            snapshot_name: null,
            gone_at: null,
          })),
        )
        .execute();
    },

    setSnapshot: (tx, pointId, diskKey, { snapshotId, snapshotName }) =>
      changeSnapshot(tx, pointId, diskKey, { snapshot_id: snapshotId, snapshot_name: snapshotName }),

    markSnapshotGone: (tx, pointId, diskKey) =>
      changeSnapshot(tx, pointId, diskKey, { gone_at: sql<string>`COALESCE(gone_at, ${now})` }),

    async setState(tx, pointId, state) {
      const trx = transactionOf(tx);
      const mayCome: Readonly<Record<typeof state, readonly PointState[]>> = {
        complete: ['taking'],
        removing: ['taking', 'complete'],
        gone: ['taking', 'complete', 'removing'],
      };
      await trx
        .updateTable('recovery_points')
        .set({
          state,
          ...(state === 'complete' ? { completed_at: now } : {}),
          ...(state === 'gone' ? { gone_at: now } : {}),
        })
        .where('id', '=', pointId)
        .where('state', 'in', mayCome[state])
        .execute();
      const row = await trx.selectFrom('recovery_points').select('state').where('id', '=', pointId).executeTakeFirst();
      if (row === undefined) throw new RowMissingError('recovery_points', pointId);
      return row.state === state;
    },

    async get(pointId) {
      return (await whole(await points().where('id', '=', pointId).execute()))[0];
    },

    async ofVm(vm) {
      const rows = await points()
        .where((eb) => eb.and(sourceVmColumns(vm)))
        .where('state', '!=', 'gone')
        .execute();
      return await whole(rows);
    },

    async list() {
      return await whole(await points().where('state', '!=', 'gone').execute());
    },
  };
}

async function changeSnapshot(
  tx: Tx,
  pointId: string,
  diskKey: number,
  set: UpdateObject<Tables, 'recovery_point_snapshots'>,
): Promise<void> {
  const result = await transactionOf(tx)
    .updateTable('recovery_point_snapshots')
    .set(set)
    .where('point_id', '=', pointId)
    .where('disk_key', '=', diskKey)
    .executeTakeFirst();
  if (result.numUpdatedRows === 0n) {
    throw new RowMissingError('recovery_point_snapshots', `${pointId}, disk ${String(diskKey)}`);
  }
}

function pointOf(
  row: Selectable<Tables['recovery_points']>,
  snapshots: readonly Selectable<Tables['recovery_point_snapshots']>[],
): RecoveryPoint {
  return {
    ...sourceVmOf(row),
    id: row.id,
    purpose: readValue('recovery_points', row.id, pointPurposeSchema, row.purpose),
    state: readValue('recovery_points', row.id, pointStateSchema, row.state),
    workflowId: row.workflow_id,
    firstRunId: row.first_run_id,
    createdAt: row.created_at,
    ...(row.completed_at === null ? {} : { completedAt: row.completed_at }),
    ...(row.gone_at === null ? {} : { goneAt: row.gone_at }),
    snapshots: snapshots.map((snapshot) => ({
      diskKey: snapshot.disk_key,
      boot: snapshot.boot,
      volumeId: snapshot.volume_id,
      sizeBytes: snapshot.size_bytes,
      generation: snapshot.generation,
      ...(snapshot.hash === null ? {} : { hash: snapshot.hash }),
      ...(snapshot.snapshot_id === null ? {} : { snapshotId: snapshot.snapshot_id }),
      ...(snapshot.snapshot_name === null ? {} : { snapshotName: snapshot.snapshot_name }),
      ...(snapshot.gone_at === null ? {} : { goneAt: snapshot.gone_at }),
    })),
  };
}
