import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { BackupColumn } from './backup-format';

/** How the rows of one table are read and written: generated columns are left out, the server computes them. */
export interface TableLayout {
  readonly table: string;
  readonly columns: readonly BackupColumn[];
  /** reads all rows, always in the same order */
  readonly select: string;
}

const BINARY = /^(binary|varbinary|tinyblob|blob|mediumblob|longblob|bit)$/;

/** The layouts of tables, by name. A table that is not there has none. */
export async function readLayouts(
  connection: Connection,
  tables: readonly string[],
): Promise<ReadonlyMap<string, TableLayout>> {
  if (tables.length === 0) return new Map();
  const [columns] = await connection.query<RowDataPacket[]>(
    `SELECT TABLE_NAME AS tbl, COLUMN_NAME AS col, DATA_TYPE AS type, COALESCE(GENERATION_EXPRESSION, '') AS gen
     FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (?) ORDER BY 1, ORDINAL_POSITION`,
    [tables],
  );
  const [keys] = await connection.query<RowDataPacket[]>(
    `SELECT TABLE_NAME AS tbl, COLUMN_NAME AS col FROM information_schema.STATISTICS
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (?) AND INDEX_NAME = 'PRIMARY' ORDER BY 1, SEQ_IN_INDEX`,
    [tables],
  );
  const layouts = new Map<string, TableLayout>();
  for (const table of tables) {
    const own = columns.filter((row) => row['tbl'] === table && String(row['gen']) === '');
    if (own.length === 0) continue;
    const key = keys.filter((row) => row['tbl'] === table).map((row) => String(row['col']));
    const names = own.map((row) => String(row['col']));
    // A FLOAT is shown with six digits and would come back as another number; as a double it is shown whole.
    const shown = own.map((row) =>
      row['type'] === 'float'
        ? `CAST(${quoted(String(row['col']))} AS DOUBLE) AS ${quoted(String(row['col']))}`
        : quoted(String(row['col'])),
    );
    layouts.set(table, {
      table,
      columns: own.map((row) => ({
        name: String(row['col']),
        encoding: BINARY.test(String(row['type'])) ? 'base64' : 'text',
      })),
      select: `SELECT ${shown.join(', ')} FROM ${quoted(table)} ORDER BY ${(key.length > 0 ? key : names).map(quoted).join(', ')}`,
    });
  }
  return layouts;
}

/** Tables in an order in which each comes after those that its foreign keys point to. */
export async function inForeignKeyOrder(connection: Connection, tables: readonly string[]): Promise<string[]> {
  if (tables.length === 0) return [];
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT DISTINCT TABLE_NAME AS tbl, REFERENCED_TABLE_NAME AS ref FROM information_schema.KEY_COLUMN_USAGE
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (?) AND REFERENCED_TABLE_NAME IS NOT NULL`,
    [tables],
  );
  const wanted = new Set(tables);
  const order: string[] = [];
  const seen = new Set<string>();
  const visit = (table: string): void => {
    if (seen.has(table) || !wanted.has(table)) return;
    seen.add(table);
    for (const row of rows) if (row['tbl'] === table) visit(String(row['ref']));
    order.push(table);
  };
  for (const table of tables) visit(table);
  return order;
}

export function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
