import type { Connection } from 'mysql2/promise';
import { BackupError } from './backup-error';
import type { BackupColumn, BackupRow, BackupSummary } from './backup-format';
import { readBackup } from './read-backup';
import { type TableLayout, inForeignKeyOrder, quoted, readLayouts } from './table-layout';
import { sumTable } from './table-rows';

/** Rows and bytes of one INSERT at most: far below what any server's max_allowed_packet is. */
const BATCH_ROWS = 500;
const BATCH_BYTES = 1_000_000;

/**
 * Deletes the rows of the tables that a backup is of and writes the backup's, inside the transaction of the caller, then reads
 * every table again and compares it with the file. Tables of one foreign key chain are written parents first.
 *
 * @param backup - what the file holds, as it was proved before
 * @throws BackupError, and whatever the server refuses
 */
export async function replaceRows(
  connection: Connection,
  file: string,
  { header, ...backup }: BackupSummary,
  onTable: (table: string) => void = () => undefined,
): Promise<void> {
  const order = await inForeignKeyOrder(connection, header.tables);
  const layouts = await readLayouts(connection, header.tables);
  for (const table of [...order].reverse()) await connection.query(`DELETE FROM ${quoted(table)}`);
  // The file has the tables in alphabetical order; a pass per group of tables keeps memory small whatever their size.
  for (const wanted of passes(order, header.tables)) {
    const { sha256 } = await writePass(connection, file, wanted, layouts, onTable);
    if (sha256 !== backup.sha256) throw new BackupError('damaged', file, 'it was changed while it was read');
  }
  for (const { endOf, rows, sha256 } of backup.tables) {
    const layout = layouts.get(endOf);
    const now = layout === undefined ? undefined : await sumTable(connection, layout);
    if (now?.rows !== rows || now.sha256 !== sha256) {
      throw new BackupError('refused', file, `table ${endOf}, read again, is not what the file holds`);
    }
  }
}

/** Groups of tables such that each group, taken in the file's order, keeps the order of the foreign keys. */
function passes(order: readonly string[], inFile: readonly string[]): ReadonlySet<string>[] {
  const groups: Set<string>[] = [];
  let last = -1;
  for (const table of order) {
    const at = inFile.indexOf(table);
    if (groups.length === 0 || at < last) groups.push(new Set());
    groups.at(-1)?.add(table);
    last = at;
  }
  return groups;
}

async function writePass(
  connection: Connection,
  file: string,
  wanted: ReadonlySet<string>,
  layouts: ReadonlyMap<string, TableLayout>,
  onTable: (table: string) => void,
): Promise<BackupSummary> {
  let insert: string | undefined;
  let columns: readonly BackupColumn[] = [];
  let batch: (string | Buffer | null)[][] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    if (insert !== undefined && batch.length > 0) await connection.query(insert, [batch]);
    batch = [];
    bytes = 0;
  };
  return await readBackup(file, {
    table(table, written) {
      columns = written;
      insert = undefined;
      if (!wanted.has(table)) return;
      const live = layouts.get(table)?.columns ?? [];
      if (JSON.stringify(live) !== JSON.stringify(written)) {
        throw new BackupError('schema', file, `the columns of table ${table} are others than in the database`);
      }
      insert = `INSERT INTO ${quoted(table)} (${written.map(({ name }) => quoted(name)).join(', ')}) VALUES ?`;
      onTable(table);
    },
    async row(row: BackupRow) {
      if (insert === undefined) return;
      batch.push(row.map((value, at) => stored(value, columns[at])));
      bytes += row.reduce((sum, value) => sum + (value?.length ?? 0), 0);
      if (batch.length >= BATCH_ROWS || bytes >= BATCH_BYTES) await flush();
    },
    tableEnd: flush,
  });
}

function stored(value: string | null, column: BackupColumn | undefined): string | Buffer | null {
  return value !== null && column?.encoding === 'base64' ? Buffer.from(value, 'base64') : value;
}
