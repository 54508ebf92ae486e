interface Identified {
  readonly id: string;
}

/** Rows of one kind, in memory, in the order in which they were first put. Every change is told to the journal. */
export class Table<Row extends Identified> {
  private readonly rows = new Map<string, Row>();
  private readonly indexes: RowIndex<Row>[] = [];

  constructor(
    readonly name: string,
    private readonly record: (line: string) => void,
  ) {}

  /** Keeps the rows by another key from now on, as a database's index does; rows without a key are left out. */
  indexBy(keyOf: (row: Row) => string | undefined): RowIndex<Row> {
    const index = new RowIndex(keyOf);
    for (const row of this.rows.values()) index.replace(undefined, row);
    this.indexes.push(index);
    return index;
  }

  get(id: string): Row | undefined {
    return this.rows.get(id);
  }

  values(): IterableIterator<Row> {
    return this.rows.values();
  }

  get size(): number {
    return this.rows.size;
  }

  put(row: Row): Row {
    this.record(JSON.stringify([this.name, row]));
    this.keep(row);
    return row;
  }

  remove(id: string): void {
    const row = this.rows.get(id);
    if (row === undefined) return;
    this.record(JSON.stringify([this.name, null, id]));
    this.forget(row);
  }

  clear(): void {
    for (const id of [...this.rows.keys()]) this.remove(id);
  }

  /** Takes a change out of the journal back in, without writing it again: a row, or the id of one that was removed. */
  restore(row: unknown, removedId: string | undefined): void {
    if (removedId === undefined) {
      // The journal holds under this table's name only what its put() wrote.
      this.keep(row as Row);
      return;
    }
    const removed = this.rows.get(removedId);
    if (removed !== undefined) this.forget(removed);
  }

  private keep(row: Row): void {
    const before = this.rows.get(row.id);
    this.rows.set(row.id, row);
    for (const index of this.indexes) index.replace(before, row);
  }

  private forget(row: Row): void {
    this.rows.delete(row.id);
    for (const index of this.indexes) index.replace(row, undefined);
  }
}

/** The rows of a table by a key of theirs. */
export class RowIndex<Row extends Identified> {
  private readonly groups = new Map<string, Map<string, Row>>();

  constructor(private readonly keyOf: (row: Row) => string | undefined) {}

  /** The rows with a key, in the order in which they came to it. */
  of(key: string): Row[] {
    return [...(this.groups.get(key)?.values() ?? [])];
  }

  /** One of them, where at most one is expected. */
  first(key: string): Row | undefined {
    return this.groups.get(key)?.values().next().value;
  }

  count(key: string): number {
    return this.groups.get(key)?.size ?? 0;
  }

  /** A row took another's place, came or went. */
  replace(before: Row | undefined, after: Row | undefined): void {
    const from = before === undefined ? undefined : this.keyOf(before);
    const to = after === undefined ? undefined : this.keyOf(after);
    if (before !== undefined && from !== undefined && from !== to) this.leave(from, before.id);
    if (after !== undefined && to !== undefined) this.join(to, after);
  }

  private join(key: string, row: Row): void {
    const group = this.groups.get(key);
    if (group === undefined) this.groups.set(key, new Map([[row.id, row]]));
    else group.set(row.id, row);
  }

  private leave(key: string, id: string): void {
    const group = this.groups.get(key);
    group?.delete(id);
    if (group?.size === 0) this.groups.delete(key);
  }
}
