import { type Kysely, type Selectable, type UpdateObject, sql } from 'kysely';
import { GIB } from '../domain/sizes';
import type { Tx } from './database';
import { RowMissingError } from './errors';
import type { Tables } from './schema';
import { now } from './sql-parts';
import { transactionOf } from './tx';

/** Progress of copying and verifying one volume; written by the copier, read by status. */
export interface CopyProgress {
  readonly volumeId: string;
  readonly generation: number;
  readonly firstRunId: string;
  readonly sourceBytes: number;
  /** bytes whose windows are copied, flushed and recorded; the first byte of the next window */
  readonly watermark: number;
  /** bytes of them that were data, not holes */
  readonly dataBytes: number;
  readonly verifiedBytes: number;
  readonly startedAt: string;
  readonly updatedAt: string;
}

/** SHA-256 of one 1 GiB window of the source as it was read, 64 hex digits. */
interface CopyWindow {
  readonly index: number;
  readonly sourceSha256: string;
}

export interface CopyProgressRows {
  /**
   * Begins or finds the progress of this run on this volume and generation; another run's or generation's, or that of a source
   * of another size, is replaced by zero.
   */
  begin(
    tx: Tx,
    progress: { volumeId: string; generation: number; firstRunId: string; sourceBytes: number },
  ): Promise<CopyProgress>;
  /**
   * Records windows that are copied and flushed, in order. `watermark` and `dataBytes` are the new totals, not what was added, so
   * that a call may be repeated; neither goes back.
   */
  recordWindows(
    tx: Tx,
    volumeId: string,
    windows: readonly CopyWindow[],
    watermark: number,
    dataBytes: number,
  ): Promise<void>;
  /**
   * Forgets windows that verification found different: they are copied again. Sets the watermark to the first of them; a
   * watermark that is before it already stays.
   */
  forgetFrom(tx: Tx, volumeId: string, windowIndex: number): Promise<void>;
  setVerifiedBytes(tx: Tx, volumeId: string, bytes: number): Promise<void>;
  get(volumeId: string): Promise<CopyProgress | undefined>;
  windows(volumeId: string): Promise<CopyWindow[]>;
}

/** Rows of one INSERT: a disk of holes ends all its windows at once. */
const WINDOWS_AT_ONCE = 1_000;

export function makeCopyProgress(db: Kysely<Tables>): CopyProgressRows {
  const read = async (from: Kysely<Tables>, volumeId: string): Promise<CopyProgress | undefined> => {
    const row = await from.selectFrom('copy_progress').selectAll().where('volume_id', '=', volumeId).executeTakeFirst();
    return row === undefined ? undefined : progressOf(row);
  };
  const change = async (tx: Tx, volumeId: string, set: UpdateObject<Tables, 'copy_progress'>): Promise<void> => {
    const result = await transactionOf(tx)
      .updateTable('copy_progress')
      .set({ ...set, updated_at: now })
      .where('volume_id', '=', volumeId)
      .executeTakeFirst();
    if (result.numUpdatedRows === 0n) throw new RowMissingError('copy_progress', volumeId);
  };
  return {
    async begin(tx, progress) {
      const trx = transactionOf(tx);
      const zero = {
        generation: progress.generation,
        first_run_id: progress.firstRunId,
        source_bytes: progress.sourceBytes,
        watermark: 0,
        data_bytes: 0,
        verified_bytes: 0,
        started_at: now,
        updated_at: now,
      };
      // Makes the row or locks it.
      await trx
        .insertInto('copy_progress')
        .values({ volume_id: progress.volumeId, ...zero })
        .onDuplicateKeyUpdate((eb) => ({ volume_id: eb.ref('copy_progress.volume_id') }))
        .execute();
      const found = await read(trx, progress.volumeId);
      const same =
        found?.generation === progress.generation &&
        found.firstRunId === progress.firstRunId &&
        found.sourceBytes === progress.sourceBytes;
      if (same) return found;
      await trx.deleteFrom('copy_windows').where('volume_id', '=', progress.volumeId).execute();
      await change(tx, progress.volumeId, zero);
      const begun = await read(trx, progress.volumeId);
      if (begun === undefined) throw new RowMissingError('copy_progress', progress.volumeId);
      return begun;
    },

    async recordWindows(tx, volumeId, windows, watermark, dataBytes) {
      const trx = transactionOf(tx);
      await change(tx, volumeId, {
        watermark: sql<number>`GREATEST(watermark, ${watermark})`,
        data_bytes: sql<number>`GREATEST(data_bytes, ${dataBytes})`,
      });
      for (let from = 0; from < windows.length; from += WINDOWS_AT_ONCE) {
        const rows = windows.slice(from, from + WINDOWS_AT_ONCE).map((window) => ({
          volume_id: volumeId,
          window_index: window.index,
          source_sha256: window.sourceSha256,
        }));
        await trx
          .insertInto('copy_windows')
          .values(rows)
          .onDuplicateKeyUpdate({ source_sha256: sql<string>`VALUES(source_sha256)` })
          .execute();
      }
    },

    async forgetFrom(tx, volumeId, windowIndex) {
      const offset = windowIndex * GIB;
      await change(tx, volumeId, {
        watermark: sql<number>`LEAST(watermark, ${offset})`,
        data_bytes: sql<number>`LEAST(data_bytes, ${offset})`,
        verified_bytes: sql<number>`LEAST(verified_bytes, ${offset})`,
      });
      await transactionOf(tx)
        .deleteFrom('copy_windows')
        .where('volume_id', '=', volumeId)
        .where('window_index', '>=', windowIndex)
        .execute();
    },

    setVerifiedBytes: (tx, volumeId, bytes) => change(tx, volumeId, { verified_bytes: bytes }),

    get: (volumeId) => read(db, volumeId),

    async windows(volumeId) {
      const rows = await db
        .selectFrom('copy_windows')
        .select(['window_index', 'source_sha256'])
        .where('volume_id', '=', volumeId)
        .orderBy('window_index')
        .execute();
      return rows.map((row) => ({ index: row.window_index, sourceSha256: row.source_sha256 }));
    },
  };
}

function progressOf(row: Selectable<Tables['copy_progress']>): CopyProgress {
  return {
    volumeId: row.volume_id,
    generation: row.generation,
    firstRunId: row.first_run_id,
    sourceBytes: row.source_bytes,
    watermark: row.watermark,
    dataBytes: row.data_bytes,
    verifiedBytes: row.verified_bytes,
    startedAt: row.started_at,
    updatedAt: row.updated_at,
  };
}
