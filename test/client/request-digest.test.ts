import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { canonicalRequest, requestDigest } from '../../client/request-digest';
import { requestDifferences } from '../../client/request-differences';
import { parseRequest } from '../../client/request-file';
import type { ReplicationRequest } from '../../domain/request';

const text = readFileSync(path.join(__dirname, '../../examples/pgtest1.request.json'), 'utf8');
const example = (): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;
const request: ReplicationRequest = parseRequest(example());

/** The same JSON with the keys of every object in another order. */
function shuffled(value: unknown, random: () => number): unknown {
  if (Array.isArray(value)) return value.map((inner: unknown) => shuffled(inner, random));
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(([key, inner]: [string, unknown]) => ({ key, inner, place: random() }));
  entries.sort((one, other) => one.place - other.place);
  return Object.fromEntries(entries.map(({ key, inner }) => [key, shuffled(inner, random)]));
}

describe('the digest is the same', () => {
  test('whatever the order of the keys', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (stream) => {
        const random = (): number => Number(stream.next().value);
        expect(requestDigest(parseRequest(shuffled(example(), random)))).toBe(requestDigest(request));
      }),
      { numRuns: 50 },
    );
  });

  test.each<[string, (plain: Record<string, unknown>) => void]>([
    ['with a request id', (plain) => (plain['requestId'] = applianceLike)],
    ['with a default written out', (plain) => (plain['overwrite'] = false)],
    ['with budgets left out that are the defaults', (plain) => delete plain['budgets']],
    ['with the disks in another order', (plain) => (plain['disks'] as unknown[]).reverse()],
    [
      'with boot: false on another disk',
      (plain) => ((plain['disks'] as { boot?: boolean }[])[1] = { ...(plain['disks'] as object[])[1], boot: false }),
    ],
    ['with the uuid in capitals', (plain) => (plain['appliance'] = String(plain['appliance']).toUpperCase())],
  ])('%s', (_what, change) => {
    const plain = example();
    change(plain);
    expect(requestDigest(parseRequest(plain))).toBe(requestDigest(request));
  });
});

const applianceLike = '7f0c0d4e-8a53-4c35-9d56-5d2b8f0f3c11';

describe('the digest differs, and the difference is named', () => {
  test.each<[string, (plain: Record<string, unknown>) => void, string]>([
    [
      'another appliance',
      (plain) => (plain['appliance'] = applianceLike),
      `appliance is "${request.appliance}" there, "${applianceLike}" here`,
    ],
    [
      'another size',
      (plain) => (disk(plain, 1)['sizeBytes'] = 5),
      'disks[2001].sizeBytes is 10737418240 there, 5 here',
    ],
    ['a disk less', (plain) => (plain['disks'] as unknown[]).pop(), 'disk 2001 is only there'],
    ['another default', (plain) => (plain['overwrite'] = true), 'overwrite is false there, true here'],
  ])('%s', (_what, change, difference) => {
    const plain = example();
    change(plain);
    const changed = parseRequest(plain);
    expect(requestDigest(changed)).not.toBe(requestDigest(request));
    expect(requestDifferences(canonicalRequest(request), canonicalRequest(changed))).toContain(difference);
  });

  test('at most ten differences are shown', () => {
    const plain = example();
    plain['disks'] = Array.from({ length: 12 }, (_, key) => ({ ...disk(plain, 1), key, boot: key === 0 }));
    const differences = requestDifferences(canonicalRequest(request), canonicalRequest(parseRequest(plain)));
    expect(differences).toHaveLength(11);
    expect(differences.at(-1)).toMatch(/^and \d+ more$/);
  });
});

function disk(plain: Record<string, unknown>, index: number): Record<string, unknown> {
  return (plain['disks'] as Record<string, unknown>[])[index] ?? {};
}
