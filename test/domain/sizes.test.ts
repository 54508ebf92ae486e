import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { GIB, bytesToGibUp, formatBytes, gibToBytes } from '../../domain/sizes';

describe('sizes', () => {
  test.each([
    [1, 1],
    [GIB, 1],
    [GIB + 1, 2],
    [114_890_375_168, 107],
    [10_737_418_240, 10],
  ])('%i bytes are %i GiB, rounded up', (bytes, gib) => {
    expect(bytesToGibUp(bytes)).toBe(gib);
  });

  test('a volume is never smaller than its disk, and less than a GiB larger', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 50 }), (bytes) => {
        const volume = gibToBytes(bytesToGibUp(bytes));
        expect(volume).toBeGreaterThanOrEqual(bytes);
        expect(volume - bytes).toBeLessThan(GIB);
      }),
    );
  });

  test.each([0, -1, 1.5, Number.NaN, Number.MAX_SAFE_INTEGER + 1])('%s is no size', (bytes) => {
    expect(() => bytesToGibUp(bytes)).toThrow(RangeError);
  });

  test.each([
    [0, '0 B'],
    [512, '512 B'],
    [1536, '1.5 KiB'],
    [GIB * 107, '107 GiB'],
    [GIB * 1.5, '1.5 GiB'],
  ])('%i bytes are shown as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});
