import { parseDatabaseUrl } from '../database-url';
import { readSchema } from '../migrate';
import { lockSchema, withSchemaConnection } from '../schema-connection';
import { refusedByServer } from './backup-error';
import type { BackupSummary } from './backup-format';
import { writeBackup } from './write-backup';

/** Where the database is, and who is told how far it is. */
export interface BackUpOptions {
  /** used instead of one in the URL */
  readonly password?: string;
  readonly onTable?: (table: string) => void;
  /** how long a migration of the same database is waited for, in seconds (60 when not given) */
  readonly lockTimeoutSeconds?: number;
}

/**
 * Writes all our tables to a new file, of this release's schema or of an earlier one. Runs beside workers: nobody waits for it but
 * a migration.
 *
 * @throws SchemaError, BackupError `unwritable`, and DatabaseUnavailableError (retryable)
 */
export async function backUp(url: string, file: string, options: BackUpOptions = {}): Promise<BackupSummary> {
  return await withSchemaConnection(parseDatabaseUrl(url, options.password), async (connection, address) => {
    await lockSchema(connection, address, options.lockTimeoutSeconds ?? 60);
    const { tables, migrations, fingerprint } = await readSchema(connection);
    try {
      return await writeBackup(connection, file, {
        subject: 'diskferry',
        schema: { migrations: [...migrations], fingerprint },
        tables: [...tables].sort(),
        ...(options.onTable !== undefined && { onTable: options.onTable }),
      });
    } catch (error) {
      throw refusedByServer(file, error, address.shown);
    }
  });
}
