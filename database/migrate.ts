import type { Connection } from 'mysql2/promise';
import { Umzug } from 'umzug';
import { readAdoption } from './adopt/adoption-record';
import { parseDatabaseUrl } from './database-url';
import {
  type MigrationRecord,
  createMigrationRecords,
  readMigrationRecords,
  recordApplied,
  recordStart,
} from './migration-records';
import { migrations } from './migrations/list';
import { lockSchema, withSchemaConnection } from './schema-connection';
import { describeSchema, differences, fingerprintOf, foreignTables } from './schema-description';
import { SchemaError } from './schema-error';

export interface MigrateOptions {
  /** used instead of one in the URL */
  readonly password?: string;
  /** called before and after each migration that is applied */
  readonly onProgress?: (event: { readonly migration: string; readonly state: 'started' | 'applied' }) => void;
  /** how long another migration of the same database is waited for, in seconds (60 when not given) */
  readonly lockTimeoutSeconds?: number;
}

/** A schema that is as its last migration left it. */
export interface SchemaState {
  readonly migrations: readonly string[];
  readonly fingerprint: string;
  /** our tables that are there, but for the one that records the migrations */
  readonly tables: readonly string[];
}

/**
 * Brings the schema to what this release needs. Two at once are one after the other: everything happens on one connection that
 * holds a lock of the server. Nothing is applied over a schema that was changed by hand.
 *
 * @returns the names of the migrations applied now, and the fingerprint of the schema
 * @throws SchemaError, and DatabaseUnavailableError (retryable)
 */
export async function migrate(
  url: string,
  options: MigrateOptions = {},
): Promise<{ readonly applied: readonly string[]; readonly fingerprint: string }> {
  return await withSchemaConnection(parseDatabaseUrl(url, options.password), async (connection, address) => {
    await lockSchema(connection, address, options.lockTimeoutSeconds ?? 60);
    await refuseUnadopted(connection);
    return await migrateLocked(connection, options.onProgress);
  });
}

/** {@link migrate} on a connection that holds the lock already. */
export async function migrateLocked(
  connection: Connection,
  onProgress: MigrateOptions['onProgress'],
): Promise<{ readonly applied: readonly string[]; readonly fingerprint: string }> {
  const foreign = await foreignTables(connection);
  if (foreign.length > 0) throw new SchemaError('foreign', foreign);
  await createMigrationRecords(connection);
  const before = (await readMigrationRecords(connection)) ?? [];
  refuseUnknown(before);
  await refuseHandMade(connection, before);
  const applied = await applyAll(connection, onProgress);
  return { applied, fingerprint: (await checkedSchema(connection)).fingerprint };
}

/**
 * Compares the live schema with what the last migration stored.
 *
 * @throws SchemaError that says what is wrong, and DatabaseUnavailableError (retryable)
 */
export async function checkSchema(
  url: string,
  options: { readonly password?: string } = {},
): Promise<{ readonly fingerprint: string }> {
  return await withSchemaConnection(parseDatabaseUrl(url, options.password), async (connection) => {
    await refuseUnadopted(connection);
    return await checkedSchema(connection);
  });
}

async function checkedSchema(connection: Connection): Promise<{ readonly fingerprint: string }> {
  const records = await readMigrationRecords(connection);
  if (records === undefined) {
    const foreign = await foreignTables(connection);
    throw foreign.length > 0 ? new SchemaError('foreign', foreign) : new SchemaError('missing', []);
  }
  refuseUnknown(records);
  const applied = new Set(records.filter((record) => record.applied).map((record) => record.name));
  const pending = migrations.map((migration) => migration.name).filter((name) => !applied.has(name));
  if (pending.length > 0) throw new SchemaError('pending', pending);
  const last = records.at(-1);
  const now = await describeSchema(connection);
  const fingerprint = fingerprintOf(now);
  if (last?.fingerprint !== fingerprint) throw new SchemaError('differs', differences(last?.description ?? [], now));
  return { fingerprint };
}

/**
 * The schema as it is, of this release or of an earlier one: which migrations made it, and that nothing but they did.
 *
 * @throws SchemaError
 */
export async function readSchema(connection: Connection): Promise<SchemaState> {
  await refuseUnadopted(connection);
  const records = await readMigrationRecords(connection);
  const last = records?.at(-1);
  if (records === undefined || last === undefined) {
    const foreign = await foreignTables(connection);
    throw foreign.length > 0 ? new SchemaError('foreign', foreign) : new SchemaError('missing', []);
  }
  refuseUnknown(records);
  const cutOff = records.filter((record) => !record.applied).map((record) => record.name);
  if (cutOff.length > 0) throw new SchemaError('pending', cutOff);
  const description = await describeSchema(connection);
  const found = differences(last.description, description);
  if (found.length > 0) throw new SchemaError('differs', found);
  return {
    migrations: records.map((record) => record.name),
    fingerprint: fingerprintOf(description),
    tables: description.flatMap((line) => (line.startsWith('table ') ? [line.split(' ')[1] ?? ''] : [])),
  };
}

/** Half adopted, the tables lack their rows, and the way back drops what anybody wrote meanwhile. */
async function refuseUnadopted(connection: Connection): Promise<void> {
  const adoption = await readAdoption(connection);
  if (adoption?.state === 'begun') throw new SchemaError('adopting', [`adoption ${adoption.id}`]);
}

function refuseUnknown(records: readonly MigrationRecord[]): void {
  const known = new Set(migrations.map((migration) => migration.name));
  const unknown = records.map((record) => record.name).filter((name) => !known.has(name));
  if (unknown.length > 0) throw new SchemaError('unknown', unknown);
}

/** A migration that was cut off explains what differs; otherwise only tables that it does not know yet may be new. */
async function refuseHandMade(connection: Connection, records: readonly MigrationRecord[]): Promise<void> {
  const last = records.at(-1);
  if (last?.applied !== true) return;
  const found = differences(last.description, await describeSchema(connection), 'known tables');
  if (found.length > 0) throw new SchemaError('differs', found);
}

async function applyAll(connection: Connection, onProgress: MigrateOptions['onProgress']): Promise<string[]> {
  const umzug = new Umzug({
    context: connection,
    logger: undefined,
    migrations: migrations.map((migration) => ({
      name: migration.name,
      up: async () => {
        await recordStart(connection, migration.name);
        await migration.up(async (statement) => {
          await connection.query(statement);
        });
      },
    })),
    storage: {
      executed: async () =>
        ((await readMigrationRecords(connection)) ?? [])
          .filter((record) => record.applied)
          .map((record) => record.name),
      logMigration: ({ name }) => recordApplied(connection, name),
      unlogMigration: () => Promise.reject(new Error('migrations are not taken back; restore a backup')),
    },
  });
  umzug.on('migrating', ({ name }) => onProgress?.({ migration: name, state: 'started' }));
  umzug.on('migrated', ({ name }) => onProgress?.({ migration: name, state: 'applied' }));
  return (await umzug.up()).map((migration) => migration.name);
}
