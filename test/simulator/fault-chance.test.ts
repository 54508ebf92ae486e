import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { faultSchema } from '../../simulator/fault-kinds';
import type { FaultSettings } from '../../simulator/fault-kinds';
import { Faults } from '../../simulator/faults';
import type { CallSubject } from '../../simulator/faults';

const anyCall: CallSubject = { command: 'listZones', account: 'admin' };

function hitsOf(settings: FaultSettings, calls: number, subjects: readonly CallSubject[] = [anyCall]): boolean[] {
  const faults = new Faults();
  const parsed = faultSchema.parse(settings);
  if (parsed.kind === 'unavailable') throw new TypeError('matches no call');
  faults.add(parsed);
  return Array.from({ length: calls }, (_, index) => {
    const met = faults.meet(subjects[index % subjects.length] ?? anyCall);
    return met.get(parsed.kind) !== undefined;
  });
}

describe('faults by probability', () => {
  const settings = (probability: number, seed: number): FaultSettings => ({ kind: 'refuse', probability, seed });

  test('the hits follow from the seed, and differ with it', () => {
    const first = hitsOf(settings(0.2, 7), 200);
    expect(hitsOf(settings(0.2, 7), 200)).toEqual(first);
    expect(hitsOf(settings(0.2, 8), 200)).not.toEqual(first);
  });

  test('about as many calls are hit as it says', () => {
    fc.assert(
      fc.property(fc.integer(), fc.double({ min: 0, max: 1, noNaN: true }), (seed, probability) => {
        const hits = hitsOf(settings(probability, seed), 2_000).filter(Boolean).length;
        expect(Math.abs(hits / 2_000 - probability)).toBeLessThan(0.08);
      }),
      { numRuns: 50 },
    );
  });

  test('calls that it does not match take nothing from the sequence', () => {
    const only = { ...settings(0.5, 3), command: 'listVolumes' } as FaultSettings;
    const listVolumes: CallSubject = { ...anyCall, command: 'listVolumes' };
    const alone = hitsOf(only, 40, [listVolumes]);
    const mixed = hitsOf(only, 80, [listVolumes, anyCall]).filter((_, index) => index % 2 === 0);
    expect(mixed).toEqual(alone);
  });

  test('with times it ends after so many hits, without it goes on; skip lets calls through first', () => {
    expect(hitsOf({ ...settings(0.5, 1), times: 2 } as FaultSettings, 100).filter(Boolean)).toHaveLength(2);
    expect(hitsOf({ ...settings(1, 1), skip: 3 } as FaultSettings, 5)).toEqual([false, false, false, true, true]);
    expect(hitsOf({ kind: 'refuse' }, 3)).toEqual([true, false, false]);
  });
});
