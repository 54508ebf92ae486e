import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** What the journal needs of a table. */
interface JournaledTable {
  readonly name: string;
  readonly size: number;
  values(): Iterable<{ readonly id: string }>;
  restore(row: unknown, id: string | undefined): void;
}

/** Rows of one kind, in memory, every change of them appended to the journal before it is seen. */
export class Table<Row extends { readonly id: string }> implements JournaledTable {
  private readonly rows = new Map<string, Row>();

  constructor(
    readonly name: string,
    private readonly record: (line: string) => void,
  ) {}

  get(id: string): Row | undefined {
    return this.rows.get(id);
  }

  values(): Iterable<Row> {
    return this.rows.values();
  }

  get size(): number {
    return this.rows.size;
  }

  put(row: Row): Row {
    this.record(JSON.stringify([this.name, row]));
    this.rows.set(row.id, row);
    return row;
  }

  remove(id: string): void {
    if (!this.rows.has(id)) return;
    this.record(JSON.stringify([this.name, null, id]));
    this.rows.delete(id);
  }

  clear(): void {
    for (const id of [...this.rows.keys()]) this.remove(id);
  }

  /** Takes a row of the journal back in, without writing it again. */
  restore(row: unknown, id: string | undefined): void {
    if (id !== undefined) {
      this.rows.delete(id);
      return;
    }
    // The journal holds under this table's name only what its put() wrote.
    const restored = row as Row;
    this.rows.set(restored.id, restored);
  }
}

/**
 * One append-only file of row changes. A line is written with one write(2) before the change is visible, so that a killed
 * process loses nothing it had answered for (a crash of the machine itself may: nothing is flushed). It is rewritten without
 * its history at each opening and whenever the history has grown far beyond the rows.
 */
export class Journal {
  private descriptor: number | undefined;
  private lines = 0;
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

  /** Reads what an earlier process left. Answers whether there was anything. */
  open(): boolean {
    const found = existsSync(this.path);
    if (found) {
      const lines = readFileSync(this.path, 'utf8').split('\n');
      // The last line ends in a newline; what follows it is a write that was cut off, which nobody was answered for.
      lines.pop();
      for (const line of lines) {
        const [name, row, id] = JSON.parse(line) as [string, unknown, string | undefined];
        this.tables.get(name)?.restore(row, id);
      }
    }
    this.compact();
    return found;
  }

  close(): void {
    if (this.descriptor === undefined) return;
    closeSync(this.descriptor);
    this.descriptor = undefined;
  }

  private append(line: string): void {
    if (this.descriptor === undefined) throw new Error('the simulator is closed');
    writeSync(this.descriptor, `${line}\n`);
    this.lines += 1;
    if (this.lines > 20_000 + 4 * this.rowCount()) this.compact();
  }

  private compact(): void {
    this.close();
    const fresh = join(this.directory, 'state.journal.new');
    const descriptor = openSync(fresh, 'w', 0o600);
    const text: string[] = [];
    for (const table of this.tables.values()) {
      for (const row of table.values()) text.push(`${JSON.stringify([table.name, row])}\n`);
    }
    writeSync(descriptor, text.join(''));
    fsyncSync(descriptor);
    renameSync(fresh, this.path);
    this.descriptor = descriptor;
    this.lines = text.length;
  }

  private rowCount(): number {
    let count = 0;
    for (const table of this.tables.values()) count += table.size;
    return count;
  }
}
