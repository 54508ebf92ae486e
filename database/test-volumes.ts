import { type Kysely, type Selectable, sql } from 'kysely';
import type { SourceVmKey } from '../domain/names';
import type { Tx } from './database';
import { isDuplicateKey } from './errors';
import type { Tables } from './schema';
import { now, sourceVmColumns, sourceVmOf } from './sql-parts';
import { transactionOf } from './tx';

/**
 * A volume made from a snapshot for a test. It is no replica, so it stands in no other table, and it may go: what a test wrote is
 * thrown away with it.
 */
export interface TestVolume extends SourceVmKey {
  readonly volumeId: string;
  readonly volumeName: string;
  readonly diskKey: number;
  readonly sizeBytes: number;
  readonly pointId: string;
  readonly snapshotId: string;
  readonly firstRunId: string;
  readonly createdAt: string;
  readonly goneAt?: string;
}

export interface TestVolumes {
  /** Inserts the row, or leaves one of the same volume alone. */
  add(tx: Tx, volume: Omit<TestVolume, 'createdAt' | 'goneAt'>): Promise<void>;
  markGone(tx: Tx, volumeId: string): Promise<void>;
  get(volumeId: string): Promise<TestVolume | undefined>;
  /** Test volumes of a source VM that are not gone, by disk key. */
  ofVm(vm: SourceVmKey): Promise<TestVolume[]>;
}

export function makeTestVolumes(db: Kysely<Tables>): TestVolumes {
  const all = () => db.selectFrom('test_volumes').selectAll().orderBy('disk_key').orderBy('created_at');
  return {
    async add(tx, volume) {
      try {
        await transactionOf(tx)
          .insertInto('test_volumes')
          .values({
            ...sourceVmColumns(volume),
            volume_id: volume.volumeId,
            volume_name: volume.volumeName,
            disk_key: volume.diskKey,
            size_bytes: volume.sizeBytes,
            point_id: volume.pointId,
            snapshot_id: volume.snapshotId,
            first_run_id: volume.firstRunId,
            created_at: now,
            gone_at: null,
          })
          .execute();
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
    },

    async markGone(tx, volumeId) {
      await transactionOf(tx)
        .updateTable('test_volumes')
        .set({ gone_at: sql<string>`COALESCE(gone_at, ${now})` })
        .where('volume_id', '=', volumeId)
        .execute();
    },

    async get(volumeId) {
      const row = await all().where('volume_id', '=', volumeId).executeTakeFirst();
      return row === undefined ? undefined : volumeOf(row);
    },

    async ofVm(vm) {
      const rows = await all()
        .where((eb) => eb.and(sourceVmColumns(vm)))
        .where('gone_at', 'is', null)
        .execute();
      return rows.map(volumeOf);
    },
  };
}

function volumeOf(row: Selectable<Tables['test_volumes']>): TestVolume {
  return {
    ...sourceVmOf(row),
    volumeId: row.volume_id,
    volumeName: row.volume_name,
    diskKey: row.disk_key,
    sizeBytes: row.size_bytes,
    pointId: row.point_id,
    snapshotId: row.snapshot_id,
    firstRunId: row.first_run_id,
    createdAt: row.created_at,
    ...(row.gone_at === null ? {} : { goneAt: row.gone_at }),
  };
}
