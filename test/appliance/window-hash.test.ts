import { describe, expect, test } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import {
  diskHash,
  hashOfZeros,
  isZero,
  WINDOW_BYTES,
  WindowHash,
  windowsOf,
  ZERO_WINDOW_SHA256,
} from '../../appliance/window-hash';

const sha256 = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest('hex');

describe('the hash of a window', () => {
  test('is the SHA-256 of its bytes, however data and holes come, the first time and again', async () => {
    const part = fc.oneof(
      fc.integer({ min: 0, max: 20_000 }),
      fc.uint8Array({ maxLength: 9000 }).map((bytes) => Buffer.from(bytes)),
      fc.integer({ min: 1, max: 9000 }).map((bytes) => Buffer.alloc(bytes)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 12 }), async (parts) => {
        const plain = sha256(...parts.map((each) => (typeof each === 'number' ? Buffer.alloc(each) : each)));
        for (const _ of ['first', 'again']) {
          const hash = new WindowHash();
          for (const each of parts) {
            if (typeof each === 'number') hash.zeros(each);
            else await hash.data(each);
          }
          expect(await hash.digest()).toBe(plain);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('with more data than is kept is the same', async () => {
    const [before, many, after] = [randomBytes(5000), randomBytes(40 * 1024 * 1024), randomBytes(777)];
    const hash = new WindowHash();
    hash.zeros(4096);
    await hash.data(before);
    await hash.data(many);
    hash.zeros(1_000_000);
    await hash.data(after);
    hash.zeros(3);
    const gaps = [Buffer.alloc(4096), Buffer.alloc(1_000_000), Buffer.alloc(3)] as const;
    expect(await hash.digest()).toBe(sha256(gaps[0], before, many, gaps[1], after, gaps[2]));
  });

  test('of data at another place, or in a longer window, is another one', async () => {
    const bytes = randomBytes(4096);
    const digest = async (before: number, after: number) => {
      const hash = new WindowHash();
      hash.zeros(before);
      await hash.data(bytes);
      hash.zeros(after);
      return hash.digest();
    };
    const digests = [await digest(0, 4096), await digest(4096, 0), await digest(4096, 4096), await digest(0, 8192)];
    expect(new Set(digests).size).toBe(4);
  });

  test('of zeros alone is known', async () => {
    expect(await hashOfZeros(WINDOW_BYTES)).toBe(ZERO_WINDOW_SHA256);
    expect(await hashOfZeros(1_000_001)).toBe(sha256(Buffer.alloc(1_000_001)));
    const whole = createHash('sha256');
    const slice = Buffer.alloc(16 * 1024 * 1024);
    for (let left = WINDOW_BYTES; left > 0; left -= slice.length) whole.update(slice);
    expect(whole.digest('hex')).toBe(ZERO_WINDOW_SHA256);
  });
});

test('the hash of a disk is the SHA-256 over the raw digests of its windows', () => {
  const [a, b] = [randomBytes(32), randomBytes(32)];
  expect(diskHash([a.toString('hex'), b.toString('hex')])).toBe(`sha256-1GiB:${sha256(a, b)}`);
});

test('windows cover a disk without gaps, the last one as short as it must be', () => {
  expect(windowsOf(2 * WINDOW_BYTES + 1)).toEqual([
    { index: 0, offset: 0, bytes: WINDOW_BYTES },
    { index: 1, offset: WINDOW_BYTES, bytes: WINDOW_BYTES },
    { index: 2, offset: 2 * WINDOW_BYTES, bytes: 1 },
  ]);
  expect(windowsOf(WINDOW_BYTES)).toHaveLength(1);
});

test('one bit that is set is no zero, wherever it is', () => {
  const bytes = Buffer.alloc(3 * 1024 * 1024 + 5);
  expect(isZero(bytes)).toBe(true);
  for (const at of [0, 1024 * 1024, bytes.length - 1]) {
    bytes[at] = 1;
    expect(isZero(bytes)).toBe(false);
    bytes[at] = 0;
  }
});
