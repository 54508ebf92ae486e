import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Journal } from '../../simulator/persistence';
import type { RowIndex, Table } from '../../simulator/table';
import { temporaryFolder } from '../support/temporary-folder';

interface Row {
  readonly id: string;
  readonly group: string | null;
  readonly value: number;
}

type Change = { readonly put: Row } | { readonly remove: string };

const ids = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .record({ id: ids, group: fc.constantFrom('x', 'y', null), value: fc.nat() })
      .map((put): Change => ({ put })),
  },
  { weight: 1, arbitrary: ids.map((remove): Change => ({ remove })) },
);

function apply(changes: readonly Change[], table: Table<Row>): void {
  for (const each of changes) {
    if ('put' in each) table.put(each.put);
    else table.remove(each.remove);
  }
}

function after(changes: readonly Change[]): Map<string, Row> {
  const rows = new Map<string, Row>();
  for (const each of changes) {
    if ('put' in each) rows.set(each.put.id, each.put);
    else rows.delete(each.remove);
  }
  return rows;
}

describe('the journal', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let path: string;
  beforeEach(async () => {
    folder = await temporaryFolder();
    path = join(folder.path, 'state.journal');
  });
  afterEach(async () => {
    await folder.remove();
  });

  function opened(): { journal: Journal; table: Table<Row>; byGroup: RowIndex<Row> } {
    const journal = new Journal(folder.path);
    const table = journal.table<Row>('rows');
    const byGroup = table.indexBy((row) => row.group ?? undefined);
    journal.open();
    return { journal, table, byGroup };
  }

  const rowsOf = (table: Table<Row>) => new Map([...table.values()].map((row) => [row.id, row]));

  test('cut off at any byte it gives the changes up to the last whole line, and goes on from there', () => {
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 30 }), fc.nat(), change, (changes, where, next) => {
        writeFileSync(path, '');
        const before = opened();
        apply(changes, before.table);
        before.journal.close();
        const whole = readFileSync(path);
        truncateSync(path, where % (whole.length + 1));
        const lines = readFileSync(path, 'utf8').split('\n').length - 1;
        const noted = changesNoted(changes).slice(0, lines);

        const cut = opened();
        expect(rowsOf(cut.table)).toEqual(after(noted));
        apply([next], cut.table);
        cut.journal.close();
        const again = opened();
        expect(rowsOf(again.table)).toEqual(after([...noted, next]));
        again.journal.close();
      }),
      { numRuns: 100 },
    );
  });

  test('its indexes give what a look at every row gives, before and after it is read back', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
        writeFileSync(path, '');
        const first = opened();
        apply(changes, first.table);
        first.journal.close();
        const second = opened();
        for (const { table, byGroup } of [first, second]) {
          for (const group of ['x', 'y', 'z']) {
            const sorted = (rows: readonly Row[]) => [...rows].sort((a, b) => (a.id < b.id ? -1 : 1));
            const expected = [...table.values()].filter((row) => row.group === group);
            expect(sorted(byGroup.of(group))).toEqual(sorted(expected));
            expect(byGroup.first(group) === undefined).toBe(expected.length === 0);
          }
        }
        second.journal.close();
      }),
      { numRuns: 100 },
    );
  });

  test('writes nothing twice and nothing before its turn ends, unless it is told to', () => {
    const { journal, table } = opened();
    table.put({ id: 'a', group: null, value: 1 });
    table.put({ id: 'a', group: null, value: 2 });
    expect(statSync(path).size).toBe(0);
    journal.flush();
    const { size } = statSync(path);
    expect(readFileSync(path, 'utf8').split('\n').length).toBe(3);
    journal.flush();
    expect(statSync(path).size).toBe(size);
    journal.close();
  });

  test('is rewritten without its history while changes go on, and loses none of them', async () => {
    const { journal, table } = opened();
    for (let value = 0; value < 3_000; value += 1) table.put({ id: `kept-${String(value)}`, group: 'x', value });
    for (let value = 0; value < 40_000; value += 1) table.put({ id: 'busy', group: null, value });
    journal.flush();
    const grown = statSync(path).size;
    // It has begun; the changes of each turn meet it at another place.
    for (let turn = 0; turn < 12; turn += 1) {
      table.put({ id: `kept-${String(turn)}`, group: 'y', value: 10_000 + turn });
      table.remove(`kept-${String(2_999 - turn)}`);
      table.put({ id: `new-${String(turn)}`, group: 'x', value: turn });
      await new Promise(setImmediate);
    }
    await journal.settled();
    expect(statSync(path).size).toBeLessThan(grown / 5);
    table.put({ id: 'last', group: null, value: 1 });
    const rows = rowsOf(table);
    journal.close();
    const again = opened();
    expect(rowsOf(again.table)).toEqual(rows);
    again.journal.close();
  });

  test('closed while it is rewritten it leaves the file as it was', async () => {
    const { journal, table } = opened();
    for (let value = 0; value < 30_000; value += 1)
      table.put({ id: `row-${String(value % 2_000)}`, group: 'x', value });
    journal.flush();
    const rows = rowsOf(table);
    journal.close();
    await journal.settled();
    const again = opened();
    expect(rowsOf(again.table)).toEqual(rows);
    again.journal.close();
  });

  test('a line that cannot be read is named, unless it is the last', () => {
    const { journal, table } = opened();
    table.put({ id: 'a', group: null, value: 1 });
    journal.close();
    writeFileSync(path, `${readFileSync(path, 'utf8')}["rows",{"id\n["rows",{"id":"b"}]\n`);
    expect(() => opened()).toThrow(`${path}: line 2 is damaged; use another state folder`);
  });
});

/** The removal of what is not there is no change. */
function changesNoted(changes: readonly Change[]): Change[] {
  return changes.filter((each, index) => 'put' in each || after(changes.slice(0, index)).has(each.remove));
}
