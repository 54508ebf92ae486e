import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import type { z } from 'zod';
import { BackupError } from './backup-error';
import {
  type BackupColumn,
  type BackupHeader,
  type BackupRow,
  type BackupSummary,
  type TableSum,
  endSchema,
  headerSchema,
  rowSchema,
  tableEndSchema,
  tableSchema,
} from './backup-format';

/** Told what a file holds, in its order. What it does is waited for. */
export interface BackupReader {
  header?(header: BackupHeader): Promise<void> | void;
  table?(table: string, columns: readonly BackupColumn[]): Promise<void> | void;
  row?(row: BackupRow): Promise<void> | void;
  tableEnd?(sum: TableSum): Promise<void> | void;
}

/**
 * Reads a backup from its first line to its last and proves counts and checksums: of each table, and of the whole. Without a
 * reader it only proves.
 *
 * @throws BackupError `unreadable`, `foreign` or `damaged`
 */
export async function readBackup(file: string, reader: BackupReader = {}): Promise<BackupSummary> {
  const damaged = (reason: string): BackupError => new BackupError('damaged', file, reason);
  const whole = createHash('sha256');
  let header: BackupHeader | undefined;
  let open: { table: string; columns: number; rows: number; hash: ReturnType<typeof createHash> } | undefined;
  let end: z.output<typeof endSchema> | undefined;
  let sha256 = '';
  const sums: TableSum[] = [];

  for await (const { line, number } of linesOf(file)) {
    const value = parsed(line);
    const bad = (): BackupError => damaged(`line ${number} is not what belongs there`);
    if (header === undefined) {
      header = headerOf(file, value);
      await reader.header?.(header);
    } else if (end !== undefined) {
      throw damaged(`something follows its end (line ${number})`);
    } else if (open === undefined) {
      const ended = endSchema.safeParse(value);
      const begins = tableSchema.safeParse(value);
      if (ended.success) {
        end = ended.data;
        sha256 = whole.digest('hex');
        continue;
      }
      if (!begins.success || begins.data.table !== header.tables[sums.length]) throw bad();
      const { table, columns } = begins.data;
      open = { table, columns: columns.length, rows: 0, hash: createHash('sha256') };
      await reader.table?.(table, columns);
    } else if (Array.isArray(value)) {
      const row = rowSchema.safeParse(value);
      if (!row.success || row.data.length !== open.columns) throw bad();
      open.hash.update(line).update('\n');
      open.rows += 1;
      await reader.row?.(row.data);
    } else {
      const ends = tableEndSchema.safeParse(value);
      if (!ends.success || ends.data.endOf !== open.table) throw bad();
      const sum: TableSum = { endOf: open.table, rows: open.rows, sha256: open.hash.digest('hex') };
      if (sum.rows !== ends.data.rows || sum.sha256 !== ends.data.sha256) {
        throw damaged(`the rows of table ${open.table} are not those that were written (checksum or count differs)`);
      }
      sums.push(sum);
      open = undefined;
      await reader.tableEnd?.(sum);
    }
    whole.update(line).update('\n');
  }

  if (header === undefined) throw new BackupError('foreign', file, 'it is empty');
  const rows = sums.reduce((sum, table) => sum + table.rows, 0);
  if (end === undefined) throw damaged('it ends before its end: it was cut off');
  if (end.sha256 !== sha256 || end.end.rows !== rows || sums.length !== header.tables.length) {
    throw damaged('its checksum is not the one that was written');
  }
  return { header, tables: sums, rows, sha256 };
}

function headerOf(file: string, value: unknown): BackupHeader {
  const header = headerSchema.safeParse(value);
  if (header.success) return header.data;
  const format =
    typeof value === 'object' && value !== null ? (value as Record<string, unknown>)['diskferryBackup'] : undefined;
  if (format === undefined) throw new BackupError('foreign', file, 'it is no backup of Diskferry');
  if (typeof format === 'number' && format > 1) {
    throw new BackupError('foreign', file, `it is of format ${format}, which a later release of Diskferry wrote`);
  }
  throw new BackupError('damaged', file, 'its first line is not what belongs there');
}

function parsed(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** The lines of a compressed file. Not node:readline, which also breaks lines at characters that JSON leaves as they are. */
async function* linesOf(file: string): AsyncGenerator<{ readonly line: Buffer; readonly number: number }> {
  const source = createReadStream(file);
  const unzipped = createGunzip();
  source.on('error', (error) => unzipped.destroy(error)).pipe(unzipped);
  let rest: Buffer[] = [];
  let number = 0;
  try {
    for await (const piece of unzipped as AsyncIterable<Buffer>) {
      let from = 0;
      for (let at = piece.indexOf(10); at !== -1; at = piece.indexOf(10, from)) {
        number += 1;
        yield { line: Buffer.concat([...rest, piece.subarray(from, at)]), number };
        rest = [];
        from = at + 1;
      }
      if (from < piece.length) rest.push(piece.subarray(from));
    }
  } catch (error) {
    throw fileProblem(file, error, number);
  } finally {
    source.destroy();
  }
  if (rest.length > 0) throw new BackupError('damaged', file, 'its last line was cut off');
}

function fileProblem(file: string, error: unknown, lines: number): unknown {
  const { code = '', syscall } = error as NodeJS.ErrnoException;
  if (syscall !== undefined)
    return new BackupError('unreadable', file, `it cannot be read (${code})`, { cause: error });
  if (code === 'Z_BUF_ERROR')
    return new BackupError('damaged', file, 'it ends before its end: it was cut off', { cause: error });
  if (!code.startsWith('Z_')) return error;
  if (lines === 0)
    return new BackupError('foreign', file, 'it is no backup of Diskferry (not compressed with gzip)', {
      cause: error,
    });
  return new BackupError('damaged', file, 'its compressed contents were changed', { cause: error });
}
