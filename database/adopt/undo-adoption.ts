import type { Connection, RowDataPacket } from 'mysql2/promise';
import { OLDER_OWNER } from '../../domain/names';
import { backUp } from '../backup/back-up';
import { quoted } from '../backup/table-layout';
import { NotQuietError, whoRuns } from '../backup/who-runs';
import { parseDatabaseUrl } from '../database-url';
import { OUR_TABLE_COMMENT } from '../migrations/migration';
import { tableNames } from '../schema';
import { lockSchema, withSchemaConnection } from '../schema-connection';
import { type DatabaseAt, proveAside } from './adopt';
import { AdoptionError } from './adoption-error';
import { type AdoptionRecord, forgetAdoption, readAdoption, writeAdoption } from './adoption-record';
import { putBack, tablesThere } from './put-aside';

/** What the way back would do, found out without changing anything. */
export interface UndoPlan {
  readonly record: AdoptionRecord;
  /** volumes that Diskferry made since: the older system knows nothing of them */
  readonly made: readonly string[];
  /** adopted volumes that Diskferry has worked on since */
  readonly used: readonly string[];
}

/**
 * @throws AdoptionError `state` when there is no adoption
 */
export async function planUndo(ours: DatabaseAt): Promise<UndoPlan> {
  return await withSchemaConnection(parseDatabaseUrl(ours.url, ours.password), undoPlanOf);
}

/**
 * Takes an adoption back. In place: our tables go, after a backup of them, and the older ones have their names and foreign keys again,
 * from wherever the adoption or an earlier way back was cut off. A copy: the rows that it wrote go, unless they were used since.
 *
 * @param backup - a new file for the rows of our tables
 * @throws AdoptionError, NotQuietError, BackupError, SchemaError, and DatabaseUnavailableError (retryable)
 */
export async function undoAdoption(ours: DatabaseAt, backup: string): Promise<UndoPlan> {
  const address = parseDatabaseUrl(ours.url, ours.password);
  const password = ours.password === undefined ? {} : { password: ours.password };
  const { record } = await planUndo(ours);
  // Asked before the backup too: a refusal leaves no file behind that stands in the way of the next try.
  await withSchemaConnection(address, refuseWhileBusy);
  // A cut-off adoption has no rows of ours yet.
  if (record.state === 'done') await backUp(ours.url, backup, password);
  return await withSchemaConnection(address, async (connection) => {
    await lockSchema(connection, address, 60);
    const there = await refuseWhileBusy(connection);
    const plan = await undoPlanOf(connection);
    if (record.mode === 'copy') await removeCopied(connection, plan, there);
    else {
      // From here on it may be cut off: what is left is that of an adoption that was.
      await writeAdoption(connection, { ...record, state: 'begun' });
      await dropOurs(connection, record, there);
      await putBack(connection, record);
      await proveAside(connection, record.details.aside, '');
    }
    await forgetAdoption(connection);
    return plan;
  });
}

/** @returns the tables that are there */
async function refuseWhileBusy(connection: Connection): Promise<ReadonlySet<string>> {
  const there = await tablesThere(connection);
  const claims = ['vm_claims', 'vm_test_claims'].filter((table) => there.has(table));
  const { busy } = await whoRuns(connection, claims);
  if (busy.length > 0) throw new NotQuietError(busy);
  return there;
}

async function undoPlanOf(connection: Connection): Promise<UndoPlan> {
  const record = await readAdoption(connection);
  if (record === undefined) throw new AdoptionError('state', ['there is no adoption in this database']);
  if (record.state !== 'done') return { record, made: [], used: [] };
  const volumes = async (sql: string, values: unknown[]): Promise<string[]> =>
    (await connection.query<RowDataPacket[]>(sql, values))[0].map((row) => String(row['volume_id']));
  const made = await volumes('SELECT volume_id FROM volumes WHERE created_by_workflow_id <> ? AND gone_at IS NULL', [
    OLDER_OWNER,
  ]);
  const adopted = record.details.volumes.length === 0 ? [''] : record.details.volumes;
  const used = await volumes(
    `SELECT volume_id FROM volume_operations WHERE volume_id IN (?)
     UNION SELECT volume_uuid FROM device_mappings WHERE volume_uuid IN (?) AND mapped_by_first_run_id <> ? ORDER BY 1`,
    [adopted, adopted, record.id],
  );
  return { record, made, used };
}

/** Only tables that say that they are ours; an older one that is not aside yet has its old name. */
async function dropOurs(connection: Connection, record: AdoptionRecord, there: ReadonlySet<string>): Promise<void> {
  if (record.details.aside.length === 0) throw new AdoptionError('state', ['the adoption put no table aside']);
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT TABLE_NAME AS tbl FROM information_schema.TABLES
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (?) AND TABLE_COMMENT LIKE ?`,
    [[...tableNames, 'diskferry_migrations'], `${OUR_TABLE_COMMENT}:%`],
  );
  for (const row of rows) {
    const table = String(row['tbl']);
    if (there.has(table)) await connection.query(`DROP TABLE ${quoted(table)}`);
  }
}

async function removeCopied(
  connection: Connection,
  { record, used }: UndoPlan,
  there: ReadonlySet<string>,
): Promise<void> {
  if (used.length > 0) throw new AdoptionError('used', [`volumes ${used.join(', ')} were worked on since`]);
  const { volumes } = record.details;
  await connection.query('START TRANSACTION');
  try {
    // An earlier release adopted no operations.
    if (there.has('adopted_operations')) {
      await connection.query('DELETE FROM adopted_operations WHERE adoption_id = ?', [record.id]);
    }
    for (const volumeId of volumes) {
      await connection.query('DELETE FROM vm_disks WHERE volume_id = ?', [volumeId]);
      await connection.query('DELETE FROM volumes WHERE volume_id = ? AND created_by_first_run_id = ?', [
        volumeId,
        record.id,
      ]);
      for (const table of ['device_mappings', 'device_mapping_history']) {
        await connection.query(`DELETE FROM ${table} WHERE volume_uuid = ? AND mapped_by_first_run_id = ?`, [
          volumeId,
          record.id,
        ]);
      }
    }
    await connection.query('COMMIT');
  } catch (error) {
    await connection.query('ROLLBACK').catch(() => connection.destroy());
    throw error;
  }
}
