import type { Connection, RowDataPacket } from 'mysql2/promise';
import { parseDatabaseUrl } from '../database-url';
import { type SchemaState, readSchema } from '../migrate';
import { lockSchema, withSchemaConnection } from '../schema-connection';
import { BackupError, refusedByServer } from './backup-error';
import type { BackupSummary } from './backup-format';
import { setBackupSession } from './backup-session';
import { type Doubts, doubtRestored, readEpochs } from './doubt-restored';
import { readBackup } from './read-backup';
import { replaceRows } from './replace-rows';
import { quoted } from './table-layout';
import { type Busy, NotQuietError, whoRuns } from './who-runs';

/** What a restore would do, found out without changing anything. */
export interface RestorePlan {
  readonly backup: BackupSummary;
  readonly tables: readonly { readonly table: string; readonly rowsNow: number; readonly rowsThen: number }[];
  /** who must stop first; a restore is refused while there is anybody */
  readonly busy: readonly Busy[];
  /** whether connections of other accounts of the server are among them (it takes the PROCESS privilege to see them) */
  readonly seesOthers: boolean;
}

export interface RestoreOptions {
  /** used instead of one in the URL */
  readonly password?: string;
  readonly onTable?: (table: string) => void;
  readonly lockTimeoutSeconds?: number;
}

/**
 * Proves the file, compares its schema with the database's and says what would be replaced and who is in the way.
 *
 * @throws BackupError, SchemaError, and DatabaseUnavailableError (retryable)
 */
export async function planRestore(url: string, file: string, options: RestoreOptions = {}): Promise<RestorePlan> {
  const backup = await readBackup(file);
  return await withSchemaConnection(parseDatabaseUrl(url, options.password), async (connection) => {
    const schema = await readSchema(connection);
    refuseOtherSchema(file, backup, schema);
    const tables: { table: string; rowsNow: number; rowsThen: number }[] = [];
    for (const { endOf, rows } of backup.tables) {
      const [[row]] = await connection.query<RowDataPacket[]>(`SELECT COUNT(*) AS count FROM ${quoted(endOf)}`);
      tables.push({ table: endOf, rowsNow: Number(row?.['count']), rowsThen: rows });
    }
    return { backup, tables, ...(await whoRuns(connection, schema.tables)) };
  });
}

/**
 * Replaces all rows of our tables by those of a backup, in one transaction or not at all: the claims are locked first, so that no
 * run begins meanwhile; then every row is deleted and written in the order of the foreign keys; then every table is read again and its
 * checksum compared with the file's; then what a restored database cannot know is doubted (doubt-restored.ts).
 *
 * @throws NotQuietError, BackupError, SchemaError, and DatabaseUnavailableError (retryable)
 */
export async function restore(
  url: string,
  file: string,
  options: RestoreOptions & { readonly trustVolumes: boolean },
): Promise<{ readonly backup: BackupSummary; readonly doubts: Doubts }> {
  const backup = await readBackup(file);
  return await withSchemaConnection(parseDatabaseUrl(url, options.password), async (connection, address) => {
    await lockSchema(connection, address, options.lockTimeoutSeconds ?? 60);
    const schema = await readSchema(connection);
    refuseOtherSchema(file, backup, schema);
    await setBackupSession(connection);
    await connection.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
    await connection.query('START TRANSACTION');
    try {
      const { busy } = await whoRuns(connection, schema.tables, 'lock');
      if (busy.length > 0) throw new NotQuietError(busy);
      const epochs = await readEpochs(connection, schema.tables);
      await replaceRows(connection, file, backup, options.onTable);
      const doubts = await doubtRestored(connection, schema.tables, epochs, options);
      await connection.query('COMMIT');
      return { backup, doubts };
    } catch (error) {
      throw refusedByServer(file, await rolledBack(connection, error), address.shown);
    }
  });
}

function refuseOtherSchema(file: string, backup: BackupSummary, schema: SchemaState): void {
  const { subject, schema: then } = backup.header;
  if (subject !== 'diskferry') {
    throw new BackupError('foreign', file, "it is of an older installation's tables, not of Diskferry's");
  }
  if (then.fingerprint === schema.fingerprint) return;
  const last = (names: readonly string[]): string => names.at(-1) ?? 'none';
  const reason =
    last(then.migrations) === last(schema.migrations)
      ? 'its tables are not like those of the database, though the same migrations made both'
      : `it is of schema ${last(then.migrations)}, the database of ${last(schema.migrations)}`;
  throw new BackupError('schema', file, reason);
}

async function rolledBack(connection: Connection, error: unknown): Promise<unknown> {
  await connection.query('ROLLBACK').catch(() => connection.destroy());
  return error;
}
