import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Bindings } from '../../contract/bindings';
import type { Reply } from '../../contract/caller';
import { compareAnswer } from '../../contract/compare';
import type { Difference } from '../../contract/compare';
import { uncomparedCircumstances, uncomparedFields, uncomparedTexts } from '../../contract/not-compared';
import type { Step } from '../../contract/recording';

type Tree = Record<string, unknown>;

const json = 'application/json;charset=utf-8';

function step(content: Tree, more: Partial<Step> = {}): Step {
  const params = { command: 'listThings' };
  return {
    note: '',
    as: 'admin',
    method: 'GET',
    params,
    status: 200,
    contentType: json,
    body: { r: content },
    ...more,
  };
}

function reply(content: Tree, more: Partial<Reply> = {}): Reply {
  const body = { r: content };
  return { status: 200, contentType: json, xDescription: undefined, text: JSON.stringify(body), body, ...more };
}

function differ(recorded: Tree, here: Tree, bindings = new Bindings()): Difference[] {
  return compareAnswer(step(recorded), reply(here), bindings);
}

const told = (differences: readonly Difference[]): string[] => differences.map(({ kind, path }) => `${kind}: ${path}`);
const uuid = (digit: string): string => [8, 4, 4, 4, 12].map((length) => digit.repeat(length)).join('-');

/** Trees as answers are, without what is compared loosely: names of uncompared fields, dates of rows, numbers in texts. */
const leaf = fc.oneof(
  fc.integer(),
  fc.boolean(),
  fc.constantFrom('Ready', 'a.b*(c)', 'x [y] {z}', '', 'é€', '$1 \\d+'),
);
const field = fc.stringMatching(/^[a-z]{1,6}$/).map((name) => `f${name}`);
const { tree } = fc.letrec<{ tree: Tree; value: unknown }>((tie) => ({
  tree: fc.dictionary(field, tie('value'), { maxKeys: 5 }),
  value: fc.oneof({ maxDepth: 3, depthSize: 'small' }, leaf, tie('tree'), fc.array(tie('tree'), { maxLength: 3 })),
}));

/** The ways to its leaves. */
function leavesOf(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (Array.isArray(value)) return value.flatMap((each, index) => leavesOf(each, [...path, index]));
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([name, each]) => leavesOf(each, [...path, name]));
  }
  return [path];
}

function changed(value: Tree, path: readonly (string | number)[], change: (holder: Tree, name: string) => void): Tree {
  const copy = structuredClone(value);
  let holder = copy;
  for (const name of path.slice(0, -1)) holder = holder[name] as Tree;
  change(holder, String(path.at(-1)));
  return copy;
}

describe('the comparison', () => {
  test('an answer agrees with itself', () => {
    fc.assert(fc.property(tree, (content) => expect(differ(content, structuredClone(content))).toEqual([])));
  });

  test.each<[string, (holder: Tree, name: string) => void]>([
    ['changed', (holder, name) => (holder[name] = holder[name] === 'other' ? 'another' : 'other')],
    ['gone', (holder, name) => Reflect.deleteProperty(holder, name)],
    ['of another type', (holder, name) => (holder[name] = typeof holder[name] === 'string' ? 7 : String(holder[name]))],
    ['beside a new field', (holder) => (holder['new'] = 1)],
  ])('one field %s, anywhere, is found', (_, change) => {
    fc.assert(
      fc.property(tree, fc.nat(), (content, pick) => {
        const leaves = leavesOf(content).filter((path) => path.length > 0);
        fc.pre(leaves.length > 0);
        const here = changed(content, leaves[pick % leaves.length]!, change);
        // Undated rows may stand in any order, so a change may happen to make the list the same again.
        fc.pre(JSON.stringify(sorted(here)) !== JSON.stringify(sorted(content)));
        expect(differ(content, here)).not.toEqual([]);
      }),
    );
  });

  test('rows of one date agree in any order, also when placeholders are met in them first', () => {
    const row = (name: string, id: string) => ({ name, id, created: '2026-11-22T15:00:00+0000' });
    const names = ['a', 'b', 'c', 'd'];
    const recorded = { thing: names.map((name, index) => row(name, `\${uuid${String(index)}}`)) };
    const here = names.map((name, index) => row(name, uuid(String(index + 1))));
    fc.assert(
      fc.property(fc.shuffledSubarray(here, { minLength: 4 }), (rows) => {
        expect(differ(recorded, { thing: rows })).toEqual([]);
      }),
    );
  });

  test('rows of different dates agree in the recorded order only', () => {
    const rows = [1, 2, 3].map((second) => ({
      name: `n${'x'.repeat(second)}`,
      created: `2026-11-22T15:00:0${String(second)}+0000`,
    }));
    expect(differ({ thing: rows }, { thing: rows })).toEqual([]);
    expect(told(differ({ thing: rows }, { thing: rows.slice().reverse() }))).toContain('value: thing[0].name');
  });

  test('of a row that differs it is told in what, not that another one differs in everything', () => {
    const rows = (state: string) => [
      { name: 'one', size: 1, state },
      { name: 'two', size: 2, state: 'Ready' },
    ];
    expect(told(differ({ volume: rows('Ready') }, { volume: rows('Attaching').reverse() }))).toEqual([
      'value: volume[0].state',
    ]);
  });

  test('more and fewer rows are counted and named', () => {
    const [difference] = differ({ volume: [{ name: 'one' }] }, { volume: [{ name: 'one' }, { name: 'two' }] });
    expect(difference).toEqual({ kind: 'count of rows', path: 'volume', recorded: '1 (one)', here: '2 (one, two)' });
    expect(told(differ({ volume: [{ name: 'one' }] }, { volume: [] }))).toEqual(['count of rows: volume']);
  });

  test('one placeholder is one uuid, two are two', () => {
    const recorded = { a: '${uuid1}', b: '${uuid1}', c: '${uuid2}' };
    expect(differ(recorded, { a: uuid('1'), b: uuid('1'), c: uuid('2') })).toEqual([]);
    expect(told(differ(recorded, { a: uuid('1'), b: uuid('3'), c: uuid('2') }))).toEqual(['value: b']);
    expect(told(differ(recorded, { a: uuid('1'), b: uuid('1'), c: uuid('1') }))).toEqual(['value: c']);
    expect(told(differ(recorded, { a: uuid('1'), b: uuid('1'), c: 'no uuid' }))).toEqual(['value: c']);
  });

  test('a uuid inside a text is bound as well', () => {
    const bindings = new Bindings();
    expect(
      differ({ errortext: 'UUID: ${uuid1} exists' }, { errortext: `UUID: ${uuid('7')} exists` }, bindings),
    ).toEqual([]);
    expect(bindings.fill('${uuid1}')).toBe(uuid('7'));
  });

  test('XML is compared as a tree', () => {
    const text = (name: string) =>
      `<?xml version="1.0"?><r cloud-stack-version="4"><zone><name>${name}</name></zone></r>`;
    const { body: _, ...rest } = step({}, { text: text('a &amp; b') });
    const answer = (name: string, tree: unknown) => reply({}, { text: text(name), body: tree });
    const zone = (name: string) => ({ r: { '@cloud-stack-version': '4', zone: { name } } });
    expect(compareAnswer(rest, answer('a &amp; b', zone('a & b')), new Bindings())).toEqual([]);
    expect(told(compareAnswer(rest, answer('c', zone('c')), new Bindings()))).toEqual(['value: zone.name']);
  });
});

describe('what is not compared', () => {
  test.each([
    ['Volume {"id":19,"instanceId":3,"name":"lim-0"}', 'Volume {"id":7,"instanceId":12,"name":"lim-0"}'],
    ['Unable to find UUID for id [6] of type [Volume]', 'Unable to find UUID for id [4711] of type [Volume]'],
    ['is not authorized to see job id=86', 'is not authorized to see job id=1'],
    ['i-2-6-VM', 'i-4-77-VM'],
    ['Unable to find volume with ID: 7', 'Unable to find volume with ID: 12'],
    ['{"volumeId":130}', '{"volumeId":1}'],
    ['appliance-a_ROOT-3_20261122155400', 'appliance-a_ROOT-9_20300101000000'],
    ['ROOT-6', 'ROOT-12'],
    ['loader X @3074575a', 'loader X @77af01'],
    ['please retry after [712] ms.', 'please retry after [3] ms.'],
  ])('an internal number: %s', (recorded, here) => {
    expect(differ({ errortext: recorded }, { errortext: here })).toEqual([]);
  });

  test.each([
    ['deviceId should be 0,1,2,4-7', 'deviceId should be 0,1,2,4-6'],
    ['maximum number of data disks (6) attached', 'maximum number of data disks (7) attached'],
    ['deviceId 1 is used by vol', 'deviceId 2 is used by vol'],
    ['deviceId: 1', 'deviceId: 2'],
    ['Min: 1. Max: 1024', 'Min: 1. Max: 1025'],
    ['UUID: 0B9D7C1E', 'UUID: 0B9D7C1F'],
    ['Volume {"id":19,"size":3}', 'Volume {"id":19,"size":4}'],
  ])('a number that says something is compared: %s', (recorded, here) => {
    expect(told(differ({ errortext: recorded }, { errortext: here }))).toEqual(['value: errortext']);
  });

  test('an uncompared field must be there all the same, of the same kind, and have its form', () => {
    const date = '2026-11-22T15:57:59+0000';
    expect(differ({ created: date }, { created: '2030-01-02T03:04:05+0000' })).toEqual([]);
    expect(told(differ({ created: date }, {}))).toEqual(['missing field: created']);
    expect(told(differ({}, { created: date }))).toEqual(['added field: created']);
    expect(told(differ({ created: date }, { created: 'yesterday' }))).toEqual(['value: created']);
    expect(told(differ({ gputotal: 40 }, { gputotal: '0' }))).toEqual(['value: gputotal']);
  });

  test('everything on the list has a reason', () => {
    const all = [...Object.values(uncomparedFields), ...uncomparedTexts, ...uncomparedCircumstances];
    for (const { reason } of all) expect(reason).not.toBe('');
  });
});

/** The same tree with its lists and fields in one order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value))
    return value.map(sorted).sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, each]) => [name, sorted(each)]),
  );
}
