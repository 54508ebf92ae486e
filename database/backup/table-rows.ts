import { createHash } from 'node:crypto';
import type { Connection as StreamingConnection, TypeCast } from 'mysql2';
import type { Connection } from 'mysql2/promise';
import { type TableSum, lineOf, rowSchema } from './backup-format';
import type { TableLayout } from './table-layout';

/**
 * Reads a table row by row as lines of a backup, without ever holding it whole.
 *
 * @returns the table's count and checksum, once all lines were taken
 */
export async function* tableLines(
  connection: Connection,
  layout: TableLayout,
): AsyncGenerator<string, TableSum, undefined> {
  const binary = new Set(layout.columns.filter(({ encoding }) => encoding === 'base64').map(({ name }) => name));
  const typeCast: TypeCast = (field) =>
    binary.has(field.name) ? (field.buffer()?.toString('base64') ?? null) : field.string();
  // Only the connection below the promises can stream; the driver's types name it for pools alone.
  const { connection: below } = connection as unknown as { readonly connection: StreamingConnection };
  const rows = below.query({ sql: layout.select, rowsAsArray: true, typeCast }).stream();
  const hash = createHash('sha256');
  let count = 0;
  for await (const row of rows) {
    const line = lineOf(rowSchema.parse(row));
    hash.update(line);
    count += 1;
    yield line;
  }
  return { endOf: layout.table, rows: count, sha256: hash.digest('hex') };
}

/** Count and checksum of a table as it is now. */
export async function sumTable(connection: Connection, layout: TableLayout): Promise<TableSum> {
  const lines = tableLines(connection, layout);
  for (;;) {
    const next = await lines.next();
    if (next.done === true) return next.value;
  }
}
