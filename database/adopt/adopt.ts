import { createHash, randomUUID } from 'node:crypto';
import type { Connection } from 'mysql2/promise';
import { refusedByServer } from '../backup/backup-error';
import { backUp } from '../backup/back-up';
import { setBackupSession } from '../backup/backup-session';
import { readLayouts } from '../backup/table-layout';
import { sumTable } from '../backup/table-rows';
import { NotQuietError, whoRuns } from '../backup/who-runs';
import { writeBackup } from '../backup/write-backup';
import { parseDatabaseUrl } from '../database-url';
import { checkSchema, migrateLocked } from '../migrate';
import { lockSchema, withSchemaConnection } from '../schema-connection';
import { foreignTables } from '../schema-description';
import { AdoptionError } from './adoption-error';
import { type AdoptionRecord, createAdoptionRecords, readAdoption, writeAdoption } from './adoption-record';
import type { OlderInstallation } from './older-rows';
import { ASIDE, readOlder } from './older-tables';
import { type OlderWriter, accountOf, findWriters } from './older-writers';
import type { AdoptionPlan } from './adoption-plan';
import { findCascades, putAside, tablesThere } from './put-aside';
import { volumesOf, writeAdopted } from './write-adopted';

/** A database and the password that is used instead of one in its URL. */
export interface DatabaseAt {
  readonly url: string;
  readonly password?: string;
}

export interface AdoptionSteps {
  /** a new file for the backup */
  readonly backup: string;
  /** plans from the rows as they are when nobody can change them any more; throws where it is blocked */
  readonly plan: (older: OlderInstallation) => AdoptionPlan;
  readonly onStep?: (step: string) => void;
}

/** Reads an older installation, and whether an adoption was begun in it. Changes nothing. */
export async function assessOlder(
  from: DatabaseAt,
): Promise<{ readonly older: OlderInstallation; readonly database: string }> {
  return await withSchemaConnection(parseDatabaseUrl(from.url, from.password), async (connection, address) => {
    const begun = await readAdoption(connection);
    if (begun !== undefined) {
      const how = begun.state === 'done' ? 'it was adopted already' : 'an adoption of it was cut off';
      throw new AdoptionError('state', [`${how} (${begun.id}); take it back with --undo`]);
    }
    return { older: await readOlder(connection), database: address.shown };
  });
}

/** Accounts that may write the older tables besides the given one and Diskferry's own. */
export async function assessWriters(from: DatabaseAt, ours: DatabaseAt): Promise<readonly OlderWriter[]> {
  const own = await withSchemaConnection(parseDatabaseUrl(ours.url, ours.password), accountOf);
  return await withSchemaConnection(parseDatabaseUrl(from.url, from.password), async (connection) =>
    findWriters(connection, [own, await accountOf(connection)]),
  );
}

/**
 * Adopts in place: backs the older tables up, puts those whose names ours need aside, makes our tables and writes the rows. What it is
 * about to do is recorded first, so that the way back works from wherever it was cut off.
 *
 * @throws AdoptionError, NotQuietError, BackupError, SchemaError, and DatabaseUnavailableError (retryable)
 */
export async function adoptInPlace(from: DatabaseAt, ours: DatabaseAt, steps: AdoptionSteps): Promise<AdoptionPlan> {
  const there = parseDatabaseUrl(from.url, from.password);
  const here = parseDatabaseUrl(ours.url, ours.password);
  if (there.host !== here.host || there.port !== here.port || there.database !== here.database) {
    throw new AdoptionError('elsewhere', [`the configuration names ${here.shown}, --from ${there.shown}`]);
  }
  const writers = await assessWriters(from, ours);
  if (writers.length > 0) throw new AdoptionError('writers', writerWords(writers));
  return await withSchemaConnection(there, async (connection, address) => {
    await lockSchema(connection, address, 60);
    const { busy } = await whoRuns(connection, []);
    if (busy.length > 0) throw new NotQuietError(busy);
    const plan = steps.plan(await readOlder(connection));
    steps.onStep?.('backing up');
    const foreign = await foreignTables(connection);
    const taken = [...(await tablesThere(connection))].filter((table) => table.startsWith(ASIDE));
    if (taken.length > 0) throw new AdoptionError('state', [`tables ${taken.join(', ')} are there already`]);
    const sums = await backUpOlder(from, steps.backup);
    const record = {
      id: randomUUID(),
      mode: 'in-place',
      state: 'begun',
      details: {
        backup: steps.backup,
        aside: foreign.map((table) => ({ table, sum: sumOf(sums, table) })),
        foreignKeys: await findCascades(connection, foreign),
        volumes: volumesOf(plan),
        leftBehind: plan.leftBehind,
        rewritten: rewrittenOf(plan),
      },
    } as const;
    await createAdoptionRecords(connection);
    await writeAdoption(connection, record);
    steps.onStep?.('putting the older tables aside');
    await putAside(connection, record);
    await proveAside(connection, record.details.aside);
    steps.onStep?.('making the tables');
    await migrateLocked(connection, undefined);
    steps.onStep?.('writing the rows');
    await writeInOneTransaction(connection, plan, record);
    return plan;
  });
}

/**
 * Adopts rows of another database into ours, in one transaction; the other database is only read.
 *
 * @throws as {@link adoptInPlace}
 */
export async function adoptCopy(from: DatabaseAt, ours: DatabaseAt, steps: AdoptionSteps): Promise<AdoptionPlan> {
  const here = parseDatabaseUrl(ours.url, ours.password);
  const password = ours.password === undefined ? {} : { password: ours.password };
  await checkSchema(ours.url, password);
  steps.onStep?.('backing up');
  await backUp(ours.url, steps.backup, password);
  const { older } = await assessOlder(from);
  const plan = steps.plan(older);
  return await withSchemaConnection(here, async (connection) => {
    const before = await readAdoption(connection);
    if (before !== undefined)
      throw new AdoptionError('state', [`an adoption (${before.id}) is in this database already`]);
    await createAdoptionRecords(connection);
    steps.onStep?.('writing the rows');
    await writeInOneTransaction(connection, plan, {
      id: randomUUID(),
      mode: 'copy',
      state: 'begun',
      details: {
        backup: steps.backup,
        aside: [],
        foreignKeys: [],
        volumes: volumesOf(plan),
        leftBehind: plan.leftBehind,
        rewritten: rewrittenOf(plan),
      },
    });
    return plan;
  });
}

async function writeInOneTransaction(
  connection: Connection,
  plan: AdoptionPlan,
  record: Omit<AdoptionRecord, 'beganAt'>,
): Promise<void> {
  await connection.query('START TRANSACTION');
  try {
    await writeAdopted(connection, plan, record.id);
    await writeAdoption(connection, { ...record, state: 'done' });
    await connection.query('COMMIT');
  } catch (error) {
    await connection.query('ROLLBACK').catch(() => connection.destroy());
    const { code, message } = error as { readonly code?: string; readonly message?: string };
    if (code === 'ER_DUP_ENTRY') throw new AdoptionError('unproven', [message ?? code], { cause: error });
    throw error;
  }
}

async function backUpOlder(from: DatabaseAt, file: string) {
  return await withSchemaConnection(parseDatabaseUrl(from.url, from.password), async (connection, address) => {
    const [rows] = await connection.query("SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'");
    const tables = (rows as Record<string, unknown>[]).map((row) => String(Object.values(row)[0])).sort();
    const fingerprint = createHash('sha256').update(tables.join('\n')).digest('hex');
    try {
      return await writeBackup(connection, file, {
        subject: 'older-installation',
        schema: { migrations: [], fingerprint },
        tables,
      });
    } catch (error) {
      throw refusedByServer(file, error, address.shown);
    }
  });
}

/** The tables that were put aside hold what the backup holds. */
export async function proveAside(
  connection: Connection,
  aside: AdoptionRecord['details']['aside'],
  prefix: string = ASIDE,
): Promise<void> {
  await setBackupSession(connection);
  const layouts = await readLayouts(
    connection,
    aside.map(({ table }) => `${prefix}${table}`),
  );
  for (const { table, sum } of aside) {
    const layout = layouts.get(`${prefix}${table}`);
    const now = layout === undefined ? undefined : await sumTable(connection, layout);
    if (now?.rows === sum.rows && now.sha256 === sum.sha256) continue;
    throw new AdoptionError('unproven', [`table ${prefix}${table} does not hold the rows of the backup any more`]);
  }
}

function sumOf(summary: Awaited<ReturnType<typeof backUpOlder>>, table: string) {
  const sum = summary.tables.find(({ endOf }) => endOf === table);
  if (sum === undefined) throw new AdoptionError('unproven', [`table ${table} is not in the backup`]);
  return sum;
}

function rewrittenOf(plan: AdoptionPlan): AdoptionRecord['details']['rewritten'] {
  return plan.mappings
    .filter(({ devicePath, olderPath }) => devicePath !== olderPath)
    .map(({ volumeId, vmId, devicePath, olderPath }) => ({ volumeId, vmId, from: olderPath, to: devicePath }));
}

function writerWords(writers: readonly OlderWriter[]): string[] {
  return writers.map(({ account, privileges, revoke }) => `${account} may still ${privileges.join(', ')}: ${revoke}`);
}
