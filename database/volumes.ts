import { type Kysely, type Selectable, type UpdateObject, sql } from 'kysely';
import type { SourceVmKey } from '../domain/names';
import type { Tx } from './database';
import { RowConflictError, RowMissingError, isDuplicateKey } from './errors';
import type { Tables } from './schema';
import { now, sourceVmColumns, sourceVmOf } from './sql-parts';
import { transactionOf } from './tx';

/** What is known of a volume beyond CloudStack: who made it, for which disk, and whether it may hold data. */
export interface VolumeRecord extends SourceVmKey {
  readonly volumeId: string;
  readonly volumeName: string;
  readonly diskKey: number;
  readonly sizeBytes: number;
  readonly backingUuid?: string;
  /** first run id of the workflow that created it */
  readonly createdByWorkflowId: string;
  readonly createdByFirstRunId: string;
  /** a copy may have written it: nothing deletes it by machine */
  readonly copyBegun: boolean;
  /** raised by whatever may have written it besides our copier */
  readonly generation: number;
  readonly verifiedAt?: string;
  readonly verifiedHash?: string;
  /** set when it was deleted by us, or found gone */
  readonly goneAt?: string;
  readonly keptBecause?: string;
}

export interface Volumes {
  /**
   * Inserts the row, or leaves an equal one alone.
   *
   * @throws RowConflictError when the volume is recorded otherwise
   */
  add(
    tx: Tx,
    volume: Omit<VolumeRecord, 'copyBegun' | 'generation' | 'verifiedAt' | 'verifiedHash' | 'goneAt' | 'keptBecause'>,
  ): Promise<void>;
  /**
   * Inserts the row of a volume that was found, or takes the one that is there for there again. It counts as written: what it holds
   * is not known.
   */
  findAgain(
    tx: Tx,
    volume: Omit<
      VolumeRecord,
      'copyBegun' | 'generation' | 'verifiedAt' | 'verifiedHash' | 'goneAt' | 'keptBecause' | 'backingUuid'
    >,
  ): Promise<void>;
  get(volumeId: string): Promise<VolumeRecord | undefined>;
  /** Volumes of one source VM that are not gone, by disk key. */
  ofVm(vm: SourceVmKey): Promise<VolumeRecord[]>;
  beginCopy(tx: Tx, volumeId: string): Promise<void>;
  /** `hash` undefined marks it torn: not verified (any more). */
  setVerified(tx: Tx, volumeId: string, hash: string | undefined): Promise<void>;
  raiseGeneration(tx: Tx, volumeId: string): Promise<number>;
  keep(tx: Tx, volumeId: string, because: string): Promise<void>;
  markGone(tx: Tx, volumeId: string): Promise<void>;
}

/** The columns of a volume that no row knew, but for what is known of its disk and of its contents. */
function firstRow(volume: Parameters<Volumes['findAgain']>[1]) {
  return {
    ...sourceVmColumns(volume),
    volume_id: volume.volumeId,
    volume_name: volume.volumeName,
    disk_key: volume.diskKey,
    size_bytes: volume.sizeBytes,
    created_by_workflow_id: volume.createdByWorkflowId,
    created_by_first_run_id: volume.createdByFirstRunId,
    generation: 1,
    verified_at: null,
    verified_hash: null,
    gone_at: null,
    kept_because: null,
    created_at: now,
  };
}

export function makeVolumes(db: Kysely<Tables>): Volumes {
  const read = async (from: Kysely<Tables>, volumeId: string): Promise<VolumeRecord | undefined> => {
    const row = await from.selectFrom('volumes').selectAll().where('volume_id', '=', volumeId).executeTakeFirst();
    return row === undefined ? undefined : volumeOf(row);
  };
  /** Changes the volume's row, and says so when there is none. */
  const change = async (tx: Tx, volumeId: string, set: UpdateObject<Tables, 'volumes'>): Promise<void> => {
    const result = await transactionOf(tx)
      .updateTable('volumes')
      .set(set)
      .where('volume_id', '=', volumeId)
      .executeTakeFirst();
    if (result.numUpdatedRows === 0n) throw new RowMissingError('volumes', volumeId);
  };
  return {
    async add(tx, volume) {
      const trx = transactionOf(tx);
      try {
        await trx
          .insertInto('volumes')
          .values({ ...firstRow(volume), backing_uuid: volume.backingUuid ?? null, copy_begun: false })
          .execute();
      } catch (error) {
        const found = isDuplicateKey(error) ? await read(trx, volume.volumeId) : undefined;
        if (found === undefined) throw error;
        const wanted = identityOf(volume);
        if (identityOf(found) !== wanted) {
          throw new RowConflictError('volumes', `volume ${volume.volumeId}`, wanted, identityOf(found));
        }
      }
    },
    async findAgain(tx, volume) {
      await transactionOf(tx)
        .insertInto('volumes')
        .values({ ...firstRow(volume), backing_uuid: null, copy_begun: true })
        .onDuplicateKeyUpdate({ copy_begun: true, gone_at: null, verified_at: null, verified_hash: null })
        .execute();
    },
    get: (volumeId) => read(db, volumeId),
    async ofVm(vm) {
      const rows = await db
        .selectFrom('volumes')
        .selectAll()
        .where((eb) => eb.and(sourceVmColumns(vm)))
        .where('gone_at', 'is', null)
        .orderBy('disk_key')
        .orderBy('created_at')
        .orderBy('volume_id')
        .execute();
      return rows.map(volumeOf);
    },
    beginCopy: (tx, volumeId) => change(tx, volumeId, { copy_begun: true }),
    setVerified: (tx, volumeId, hash) =>
      change(
        tx,
        volumeId,
        hash === undefined ? { verified_at: null, verified_hash: null } : { verified_at: now, verified_hash: hash },
      ),
    async raiseGeneration(tx, volumeId) {
      await change(tx, volumeId, { generation: sql<number>`generation + 1` });
      return (await read(transactionOf(tx), volumeId))?.generation ?? 0;
    },
    keep: (tx, volumeId, because) => change(tx, volumeId, { kept_because: because }),
    markGone: (tx, volumeId) => change(tx, volumeId, { gone_at: sql<string>`COALESCE(gone_at, ${now})` }),
  };
}

function identityOf(volume: Parameters<Volumes['add']>[1]): string {
  return [
    `${volume.volumeName}, ${String(volume.sizeBytes)} bytes, disk ${String(volume.diskKey)}`,
    `of ${volume.site}/${volume.sourceId}/${volume.sourceVmId}, backing disk ${volume.backingUuid ?? 'unknown'},`,
    `made by ${volume.createdByWorkflowId} (run ${volume.createdByFirstRunId})`,
  ].join(' ');
}

function volumeOf(row: Selectable<Tables['volumes']>): VolumeRecord {
  return {
    ...sourceVmOf(row),
    volumeId: row.volume_id,
    volumeName: row.volume_name,
    diskKey: row.disk_key,
    sizeBytes: row.size_bytes,
    ...(row.backing_uuid === null ? {} : { backingUuid: row.backing_uuid }),
    createdByWorkflowId: row.created_by_workflow_id,
    createdByFirstRunId: row.created_by_first_run_id,
    copyBegun: row.copy_begun,
    generation: row.generation,
    ...(row.verified_at === null ? {} : { verifiedAt: row.verified_at }),
    ...(row.verified_hash === null ? {} : { verifiedHash: row.verified_hash }),
    ...(row.gone_at === null ? {} : { goneAt: row.gone_at }),
    ...(row.kept_because === null ? {} : { keptBecause: row.kept_because }),
  };
}
