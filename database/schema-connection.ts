import { createHash } from 'node:crypto';
import { type Connection, type RowDataPacket, createConnection } from 'mysql2/promise';
import { MigrationError } from 'umzug';
import type { DatabaseAddress } from './database-url';
import { translateError } from './errors';
import { connectionOptions } from './pool';
import { SchemaError } from './schema-error';

/** Runs work on one connection of its own, for what needs a lock or a transaction over the whole schema. */
export async function withSchemaConnection<T>(
  address: DatabaseAddress,
  work: (connection: Connection, address: DatabaseAddress) => Promise<T>,
): Promise<T> {
  let connection: Connection | undefined;
  try {
    connection = await createConnection(connectionOptions(address));
    // Without a listener a connection that breaks while idle would end the process.
    connection.on('error', () => undefined);
    return await work(connection, address);
  } catch (error) {
    const cause = error instanceof MigrationError ? error.cause : error;
    const translated = translateError(cause, address.shown);
    throw translated === cause ? error : translated;
  } finally {
    await connection?.end().catch(() => connection?.destroy());
  }
}

/** The lock under which the schema of a database is changed; held for as long as somebody migrates, adopts or takes back. */
export function schemaLockName(database: string): string {
  return `diskferry-migrate-${createHash('sha256').update(database).digest('hex').slice(0, 32)}`;
}

/**
 * Waits for the lock under which the schema is changed. GET_LOCK is of the whole server, so the database is part of the name; it
 * falls with the connection.
 *
 * @throws SchemaError `locked`
 */
export async function lockSchema(connection: Connection, address: DatabaseAddress, seconds: number): Promise<void> {
  const [[row]] = await connection.query<RowDataPacket[]>('SELECT GET_LOCK(?, ?) AS got', [
    schemaLockName(address.database),
    seconds,
  ]);
  // 0 is a time-out, NULL an error; going on unlocked would be the worst of the three.
  if (row?.['got'] !== 1) throw new SchemaError('locked', [address.shown]);
}
