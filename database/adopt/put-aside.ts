import type { Connection, RowDataPacket } from 'mysql2/promise';
import { quoted } from '../backup/table-layout';
import type { AdoptionRecord } from './adoption-record';
import { ASIDE } from './older-tables';

type ForeignKey = AdoptionRecord['details']['foreignKeys'][number];

/**
 * The cascades that touch the tables: after the rename their rows are the way back, and a delete in a table that stays would take
 * them along. Each as ALTER TABLE takes it, so that it can be made again word for word.
 */
export async function findCascades(connection: Connection, tables: readonly string[]): Promise<ForeignKey[]> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT TABLE_NAME AS tbl, CONSTRAINT_NAME AS name FROM information_schema.REFERENTIAL_CONSTRAINTS
     WHERE CONSTRAINT_SCHEMA = DATABASE() AND DELETE_RULE = 'CASCADE' AND (TABLE_NAME IN (?) OR REFERENCED_TABLE_NAME IN (?))
     ORDER BY 1, 2`,
    [tables, tables],
  );
  const found: ForeignKey[] = [];
  for (const row of rows) {
    const table = String(row['tbl']);
    const name = String(row['name']);
    const [[shown]] = await connection.query<RowDataPacket[]>(`SHOW CREATE TABLE ${quoted(table)}`);
    const line = String(shown?.['Create Table'])
      .split('\n')
      .map((text) => text.trim().replace(/,$/, ''))
      .find((text) => text.startsWith(`CONSTRAINT ${quoted(name)} FOREIGN KEY`));
    if (line === undefined) throw new Error(`foreign key ${name} of ${table} is not in its definition`);
    found.push({ table, name, definition: line });
  }
  return found;
}

/** Drops those that are there yet, and gives the tables that are not aside yet their other name. May be repeated. */
export async function putAside(connection: Connection, { details }: Pick<AdoptionRecord, 'details'>): Promise<void> {
  const there = await tablesThere(connection);
  for (const { table, name } of details.foreignKeys) {
    const now = there.has(`${ASIDE}${table}`) ? `${ASIDE}${table}` : table;
    if (await hasForeignKey(connection, now, name)) {
      await connection.query(`ALTER TABLE ${quoted(now)} DROP FOREIGN KEY ${quoted(name)}`);
    }
  }
  const moves = details.aside
    .filter(({ table }) => !there.has(`${ASIDE}${table}`))
    .map(({ table }) => `${quoted(table)} TO ${quoted(`${ASIDE}${table}`)}`);
  // One statement: all or none.
  if (moves.length > 0) await connection.query(`RENAME TABLE ${moves.join(', ')}`);
}

/** The way back: the tables have their own names, then the foreign keys are made again. May be repeated. */
export async function putBack(connection: Connection, { details }: Pick<AdoptionRecord, 'details'>): Promise<void> {
  const there = await tablesThere(connection);
  const moves = details.aside
    .filter(({ table }) => there.has(`${ASIDE}${table}`))
    .map(({ table }) => `${quoted(`${ASIDE}${table}`)} TO ${quoted(table)}`);
  if (moves.length > 0) await connection.query(`RENAME TABLE ${moves.join(', ')}`);
  for (const { table, name, definition } of details.foreignKeys) {
    if (!(await hasForeignKey(connection, table, name))) {
      await connection.query(`ALTER TABLE ${quoted(table)} ADD ${definition}`);
    }
  }
}

export async function tablesThere(connection: Connection): Promise<ReadonlySet<string>> {
  const [rows] = await connection.query<RowDataPacket[]>(
    'SELECT TABLE_NAME AS tbl FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()',
  );
  return new Set(rows.map((row) => String(row['tbl'])));
}

async function hasForeignKey(connection: Connection, table: string, name: string): Promise<boolean> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT 1 FROM information_schema.REFERENTIAL_CONSTRAINTS
     WHERE CONSTRAINT_SCHEMA = DATABASE() AND TABLE_NAME = ? AND CONSTRAINT_NAME = ?`,
    [table, name],
  );
  return rows.length > 0;
}
