import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { link, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { BackupError } from './backup-error';
import { BACKUP_FORMAT, type BackupHeader, type BackupSummary, type TableSum, lineOf } from './backup-format';
import { setBackupSession } from './backup-session';
import { readLayouts } from './table-layout';
import { tableLines } from './table-rows';

/** What is written, and who is told how far it is. */
export interface BackupPlan {
  readonly subject: BackupHeader['subject'];
  readonly schema: BackupHeader['schema'];
  readonly tables: readonly string[];
  readonly onTable?: (table: string) => void;
}

/**
 * Writes the tables to a new file, all as they were at one moment: one read-only transaction with a consistent snapshot, so that
 * whoever writes meanwhile is neither waited for nor seen. The file is written beside its place, readable by its owner only, made
 * durable and then given its name; a file of that name is never overwritten.
 *
 * @throws BackupError `unwritable`
 */
export async function writeBackup(connection: Connection, file: string, plan: BackupPlan): Promise<BackupSummary> {
  const beside = path.join(path.dirname(file), `.${path.basename(file)}.${randomBytes(4).toString('hex')}`);
  try {
    await setBackupSession(connection);
    const layouts = await readLayouts(connection, plan.tables);
    await connection.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
    await connection.query('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY');
    let summary: BackupSummary | undefined;
    const lines = backupLines(connection, plan, layouts, (done) => (summary = done));
    await pipeline(Readable.from(lines), createGzip(), createWriteStream(beside, { flags: 'wx', mode: 0o600 }));
    await connection.query('COMMIT');
    await makeDurable(beside);
    // Unlike a rename a link never replaces what is there.
    await link(beside, file);
    await rm(beside, { force: true });
    await makeDurable(path.dirname(file));
    if (summary === undefined) throw new Error('the backup was written without its end');
    return summary;
  } catch (error) {
    // A stream that was cut off would keep the connection from ever ending in order.
    connection.destroy();
    await rm(beside, { force: true }).catch(() => undefined);
    if (isFileError(error)) {
      const reason =
        error.code === 'EEXIST' ? 'there is a file of this name already' : `it cannot be written (${error.code})`;
      throw new BackupError('unwritable', file, reason, { cause: error });
    }
    throw error;
  }
}

async function* backupLines(
  connection: Connection,
  plan: BackupPlan,
  layouts: Awaited<ReturnType<typeof readLayouts>>,
  done: (summary: BackupSummary) => void,
): AsyncGenerator<string> {
  const hash = createHash('sha256');
  const hashed = (line: string): string => {
    hash.update(line);
    return line;
  };
  const [[about]] = await connection.query<RowDataPacket[]>(
    "SELECT DATABASE() AS db, VERSION() AS version, DATE_FORMAT(UTC_TIMESTAMP(3), '%Y-%m-%dT%H:%i:%s.%fZ') AS at",
  );
  const header: BackupHeader = {
    diskferryBackup: BACKUP_FORMAT,
    subject: plan.subject,
    database: String(about?.['db']),
    server: String(about?.['version']),
    madeAt: String(about?.['at']),
    schema: plan.schema,
    tables: [...layouts.keys()],
  };
  yield hashed(lineOf(header));
  const sums: TableSum[] = [];
  for (const layout of layouts.values()) {
    plan.onTable?.(layout.table);
    yield hashed(lineOf({ table: layout.table, columns: layout.columns }));
    const lines = tableLines(connection, layout);
    for (;;) {
      const next = await lines.next();
      if (next.done !== true) {
        yield hashed(next.value);
        continue;
      }
      sums.push(next.value);
      yield hashed(lineOf(next.value));
      break;
    }
  }
  const rows = sums.reduce((sum, table) => sum + table.rows, 0);
  const sha256 = hash.digest('hex');
  yield lineOf({ end: { tables: sums.length, rows }, sha256 });
  done({ header, tables: sums, rows, sha256 });
}

async function makeDurable(place: string): Promise<void> {
  const handle = await open(place, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isFileError(error: unknown): error is NodeJS.ErrnoException & { readonly code: string } {
  const { syscall, code, address } = error as NodeJS.ErrnoException & { readonly address?: string };
  return typeof syscall === 'string' && typeof code === 'string' && address === undefined && code.startsWith('E');
}
