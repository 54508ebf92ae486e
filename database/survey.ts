import { Kysely, MysqlDialect, type Transaction, sql } from 'kysely';
import { types } from 'node:util';
import { OLDER_OWNER } from '../domain/names';
import { parseDatabaseUrl } from './database-url';
import { DatabaseUnavailableError } from './errors';
import { checkSchema } from './migrate';
import { openPool } from './pool';
import type { Tables } from './schema';
import { SchemaError, type SchemaProblem } from './schema-error';
import { surveyAdoption, type SurveyedAdoption } from './survey-adoption';
import { camelKeys, type SurveyedTable, type SurveyRow, surveySchemas } from './survey-rows';

/** Everything in the tables that doctor compares, at one moment. */
export interface Survey {
  readonly schema: { readonly problem: SchemaProblem; readonly details: readonly string[] } | undefined;
  /** the database's clock, as an ISO time, and this machine's at the same moment */
  readonly clock: { readonly database: string; readonly here: string };
  /** what this database was adopted from, and whether that came to its end */
  readonly adoption: SurveyedAdoption | undefined;
  readonly rows: { readonly [T in SurveyedTable]: readonly SurveyRow<T>[] };
  /** rows that nothing of ours can have written */
  readonly unreadableRows: readonly { readonly table: string; readonly key: string; readonly problem: string }[];
  /** tables that are not there, have other columns, or may not be read */
  readonly unreadableTables: readonly { readonly table: string; readonly cause: string }[];
}

/** Rows that are long over are of no interest to doctor, and there may be very many of them. */
const conditions: Partial<Record<SurveyedTable, string>> = {
  // What has ended well is the audit trail; a failure counts until something later on the same disk went well. What happened within
  // the hour tells whether a run makes progress.
  volume_operations: `updated_at > UTC_TIMESTAMP(3) - INTERVAL 1 HOUR OR state NOT IN ('done', 'failed') OR (
    state = 'failed' AND NOT EXISTS (
      SELECT 1 FROM volume_operations later WHERE later.site = t.site AND later.source_id = t.source_id
        AND later.source_vm_id = t.source_vm_id AND later.disk_key = t.disk_key AND later.seq > t.seq
        AND later.state = 'done'))`,
  vm_operations: "updated_at > UTC_TIMESTAMP(3) - INTERVAL 1 HOUR OR state NOT IN ('done', 'failed')",
  // What the older system left is over once it was settled, or once an operation of ours on the volume went well.
  adopted_operations: `settled_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM volume_operations later WHERE later.volume_id = t.volume_id AND later.state = 'done')`,
  // Of an adopted volume it tells whether Diskferry ever began to write it.
  copy_progress: `updated_at > UTC_TIMESTAMP(3) - INTERVAL 2 DAY OR volume_id IN (
    SELECT volume_id FROM volumes WHERE created_by_workflow_id = '${OLDER_OWNER}')`,
  replication_jobs: `ended_at IS NULL OR phase = 'abandoned' OR seq IN (
    SELECT MAX(seq) FROM replication_jobs GROUP BY site, source_id, source_vm_id)`,
  failovers: `ended_at IS NULL OR phase = 'abandoned' OR seq IN (
    SELECT MAX(seq) FROM failovers GROUP BY site, source_id, source_vm_id)`,
  vm_claims: 'workflow_id IS NOT NULL',
  vm_test_claims: 'workflow_id IS NOT NULL',
  recovery_points: 'gone_at IS NULL',
  recovery_point_snapshots: 'gone_at IS NULL',
};

/** In which order rows come, and what a row that makes no sense is called by. */
const keys: Readonly<Record<SurveyedTable, readonly string[]>> = {
  device_mappings: ['id'],
  volumes: ['volume_id'],
  test_volumes: ['volume_id'],
  vm_disks: ['site', 'source_id', 'source_vm_id', 'disk_key'],
  volume_operations: ['seq'],
  vm_operations: ['seq'],
  adopted_operations: ['id'],
  nbd_exports: ['volume_id'],
  copy_progress: ['volume_id'],
  appliance_slots: ['appliance_id', 'site', 'source_id', 'source_vm_id', 'disk_key'],
  replication_jobs: ['seq'],
  failovers: ['seq'],
  live_failovers: ['site', 'source_id', 'source_vm_id'],
  vm_claims: ['site', 'source_id', 'source_vm_id'],
  vm_test_claims: ['site', 'source_id', 'source_vm_id'],
  recovery_points: ['seq'],
  recovery_point_snapshots: ['point_id', 'disk_key'],
};

/**
 * Reads all tables in one read-only transaction, so that it sees one moment and can change nothing. A table or a row that cannot be
 * read does not keep the others from being read.
 *
 * @throws DatabaseUnavailableError (retryable), DatabaseUrlError
 */
export async function surveyDatabase(options: { readonly url: string; readonly password?: string }): Promise<Survey> {
  const address = parseDatabaseUrl(options.url, options.password);
  const schema = await schemaProblem(options);
  const db = new Kysely<Tables>({
    dialect: new MysqlDialect({
      pool: () => Promise.resolve(openPool(address, { size: 1, statementTimeout: 30_000 })),
    }),
  });
  try {
    return await db
      .transaction()
      .setIsolationLevel('repeatable read')
      .setAccessMode('read only')
      .execute((trx) => readAll(trx, schema, address.database));
  } finally {
    await db.destroy();
  }
}

async function schemaProblem(options: { readonly url: string; readonly password?: string }): Promise<Survey['schema']> {
  try {
    await checkSchema(options.url, options.password === undefined ? {} : { password: options.password });
    return undefined;
  } catch (error) {
    if (error instanceof SchemaError) return { problem: error.problem, details: error.details };
    if (error instanceof DatabaseUnavailableError) throw error;
    return { problem: 'missing', details: [errorText(error)] };
  }
}

async function readAll(trx: Transaction<Tables>, schema: Survey['schema'], database: string): Promise<Survey> {
  const here = new Date().toISOString();
  const clock = await sql<{ at: string }>`SELECT CAST(UTC_TIMESTAMP(3) AS DATETIME(3)) AS at`.execute(trx);
  const unreadableRows: Survey['unreadableRows'][number][] = [];
  const unreadableTables: Survey['unreadableTables'][number][] = [];
  const read = async <T extends SurveyedTable>(table: T): Promise<SurveyRow<T>[]> => {
    const found: SurveyRow<T>[] = [];
    for (const raw of await rowsOf(trx, table, unreadableTables)) {
      const parsed = surveySchemas[table].safeParse(camelKeys(raw));
      if (parsed.success) found.push(parsed.data as SurveyRow<T>);
      else unreadableRows.push({ table, key: keyOf(table, raw), problem: problemsOf(parsed.error.issues) });
    }
    return found;
  };
  const rows: Survey['rows'] = {
    device_mappings: await read('device_mappings'),
    volumes: await read('volumes'),
    test_volumes: await read('test_volumes'),
    vm_disks: await read('vm_disks'),
    volume_operations: await read('volume_operations'),
    vm_operations: await read('vm_operations'),
    adopted_operations: await read('adopted_operations'),
    nbd_exports: await read('nbd_exports'),
    copy_progress: await read('copy_progress'),
    appliance_slots: await read('appliance_slots'),
    replication_jobs: await read('replication_jobs'),
    failovers: await read('failovers'),
    live_failovers: await read('live_failovers'),
    vm_claims: await read('vm_claims'),
    vm_test_claims: await read('vm_test_claims'),
    recovery_points: await read('recovery_points'),
    recovery_point_snapshots: await read('recovery_point_snapshots'),
  };
  let adoption: SurveyedAdoption | undefined;
  try {
    adoption = await surveyAdoption(trx, database);
  } catch (error) {
    if (error instanceof DatabaseUnavailableError) throw error;
    unreadableTables.push({ table: 'diskferry_adoption', cause: errorText(error) });
  }
  const times = { database: clock.rows[0]?.at ?? here, here };
  return { schema, clock: times, adoption, rows, unreadableRows, unreadableTables };
}

async function rowsOf(
  trx: Transaction<Tables>,
  table: SurveyedTable,
  unreadable: Survey['unreadableTables'][number][],
): Promise<readonly object[]> {
  const condition = conditions[table];
  const where = condition === undefined ? sql`` : sql` WHERE ${sql.raw(condition)}`;
  const order = sql.raw(keys[table].join(', '));
  try {
    return (await sql<object>`SELECT t.* FROM ${sql.table(table)} t${where} ORDER BY ${order}`.execute(trx)).rows;
  } catch (error) {
    if (error instanceof DatabaseUnavailableError) throw error;
    unreadable.push({ table, cause: errorText(error) });
    return [];
  }
}

function keyOf(table: SurveyedTable, row: object): string {
  const fields = new Map(Object.entries(row as Record<string, string | number | null>));
  return keys[table].map((column) => String(fields.get(column) ?? 'NULL')).join('/');
}

function problemsOf(issues: readonly { readonly path: PropertyKey[]; readonly message: string }[]): string {
  return issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`).join('; ');
}

function errorText(error: unknown): string {
  return types.isNativeError(error) ? error.message : String(error);
}
