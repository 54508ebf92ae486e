import {
  closeSync,
  existsSync,
  fsync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Table } from './table';

/** What the journal needs of a table. */
interface JournaledTable {
  readonly name: string;
  readonly size: number;
  values(): Iterable<{ readonly id: string }>;
  restore(row: unknown, removedId: string | undefined): void;
}

/** Rows that are rewritten in one turn, so that requests are answered in between. */
const ROWS_PER_TURN = 500;
/** The history is rewritten when it has this many lines more than four times the rows. */
const SPARE_LINES = 20_000;

/**
 * One append-only file of row changes, one line each. The changes of one turn of the event loop are written with one write(2), at
 * the latest when {@link flush} is called, which is before anybody is answered: a killed process loses nothing it had answered for. A crash
 * of the machine itself may lose the last seconds, since the writes are not forced to the disk; a rewritten journal is.
 *
 * When the history has grown far beyond the rows it is rewritten without it, a few rows a turn, while changes go on.
 */
export class Journal {
  private descriptor: number | undefined;
  private lines = 0;
  /** length of the file up to the end of its last whole line */
  private bytes = 0;
  private waiting: string[] = [];
  private flushing: NodeJS.Immediate | undefined;
  /** changes since a rewriting began; undefined while there is none */
  private sinceRewriting: string[] | undefined;
  private rewriting: Promise<void> = Promise.resolve();
  private readonly tables = new Map<string, JournaledTable>();
  private readonly path: string;

  constructor(private readonly directory: string) {
    mkdirSync(directory, { recursive: true });
    this.path = join(directory, 'state.journal');
  }

  table<Row extends { readonly id: string }>(name: string): Table<Row> {
    const table = new Table<Row>(name, (line) => {
      this.append(line);
    });
    this.tables.set(name, table);
    return table;
  }

  /**
   * Reads what an earlier process left. Answers whether there was anything.
   *
   * @throws RangeError naming the line that cannot be read, unless it is the last one
   */
  open(): boolean {
    const found = existsSync(this.path);
    this.descriptor = openSync(this.path, 'a', 0o600);
    if (found) this.replay(readFileSync(this.path));
    return found;
  }

  /** Writes what is not written yet. @throws Error of the file system, e.g. ENOSPC: nothing may be answered then */
  flush(): void {
    if (this.waiting.length === 0) return;
    if (this.descriptor === undefined) throw new Error('the simulator is closed');
    const lines = this.waiting;
    try {
      this.bytes += writeLines(this.descriptor, lines);
    } catch (error) {
      ftruncateSync(this.descriptor, this.bytes);
      throw error;
    }
    this.waiting = [];
    this.lines += lines.length;
    this.sinceRewriting?.push(...lines);
    if (this.sinceRewriting === undefined && this.lines > SPARE_LINES + 4 * this.rowCount()) {
      this.rewriting = this.rewrite();
    }
  }

  /** Writes the rest and lets go of the file. A rewriting that is underway is given up. */
  close(): void {
    clearImmediate(this.flushing);
    this.flushing = undefined;
    if (this.descriptor === undefined) return;
    this.flush();
    closeSync(this.descriptor);
    this.descriptor = undefined;
  }

  /** Resolves when no rewriting is underway. */
  async settled(): Promise<void> {
    await this.rewriting;
  }

  private append(line: string): void {
    if (this.descriptor === undefined) throw new Error('the simulator is closed');
    this.waiting.push(line);
    // A change that nobody waits for is written at the end of the turn. Should that fail, so does the process: it could answer nothing.
    this.flushing ??= setImmediate(() => {
      this.flushing = undefined;
      this.flush();
    });
  }

  private replay(content: Buffer): void {
    // The last line ends in a newline; what follows it is a write that was cut off, which nobody was answered for.
    const end = content.lastIndexOf('\n') + 1;
    if (end < content.length && this.descriptor !== undefined) ftruncateSync(this.descriptor, end);
    this.bytes = end;
    let start = 0;
    while (start < end) {
      const next = content.indexOf('\n', start);
      this.lines += 1;
      this.replayLine(content.toString('utf8', start, next));
      start = next + 1;
    }
  }

  private replayLine(line: string): void {
    let change: [string, unknown, string | undefined];
    try {
      change = JSON.parse(line) as [string, unknown, string | undefined];
    } catch (error) {
      throw new RangeError(`${this.path}: line ${String(this.lines)} is damaged; use another state folder`, {
        cause: error,
      });
    }
    const [name, row, removedId] = change;
    this.tables.get(name)?.restore(row, removedId);
  }

  /** Changes made meanwhile go to the old file as ever, and follow the rows in the new one: a kill finds either of them whole. */
  private async rewrite(): Promise<void> {
    const fresh = join(this.directory, 'state.journal.new');
    this.sinceRewriting = [];
    let descriptor: number | undefined;
    try {
      descriptor = openSync(fresh, 'w', 0o600);
      const written = await this.writeRows(descriptor);
      await promisify(fsync)(descriptor);
      if (this.descriptor === undefined) throw new JournalClosed();
      this.flush();
      const bytes = written.bytes + writeLines(descriptor, this.sinceRewriting);
      renameSync(fresh, this.path);
      closeSync(this.descriptor);
      this.descriptor = descriptor;
      this.bytes = bytes;
      this.lines = written.rows + this.sinceRewriting.length;
    } catch {
      // The old file goes on; the next attempt is as far away as ever.
      if (descriptor !== undefined) closeSync(descriptor);
      rmSync(fresh, { force: true });
      this.lines = this.rowCount();
    } finally {
      this.sinceRewriting = undefined;
    }
  }

  private async writeRows(descriptor: number): Promise<{ readonly rows: number; readonly bytes: number }> {
    let rows = 0;
    let bytes = 0;
    let lines: string[] = [];
    for (const table of this.tables.values()) {
      // A row that is put meanwhile is met here or is among the changes that follow, or both: the last one counts.
      for (const row of table.values()) {
        rows += 1;
        lines.push(JSON.stringify([table.name, row]));
        if (lines.length < ROWS_PER_TURN) continue;
        bytes += writeLines(descriptor, lines);
        lines = [];
        await nextTurn();
        if (this.descriptor === undefined) throw new JournalClosed();
      }
    }
    return { rows, bytes: bytes + writeLines(descriptor, lines) };
  }

  private rowCount(): number {
    let count = 0;
    for (const table of this.tables.values()) count += table.size;
    return count;
  }
}

/** The journal was closed while it was being rewritten. */
class JournalClosed extends Error {}

/** One write(2), or as many as it takes; answers how many bytes. */
function writeLines(descriptor: number, lines: readonly string[]): number {
  if (lines.length === 0) return 0;
  const bytes = Buffer.from(`${lines.join('\n')}\n`, 'utf8');
  let written = 0;
  while (written < bytes.length) written += writeSync(descriptor, bytes, written);
  return written;
}
