import { expect } from '@jest/globals';
import type { SourceVmKey } from '../../domain/names';
import { type Census, type CountedWorld, nothing, takeCensus } from './take-census';

/**
 * Expects exactly what is named to be there, and nothing else anywhere: in CloudStack, guests, database, exports, locks and
 * processes.
 */
export async function expectCensus(
  world: CountedWorld,
  vm: SourceVmKey,
  expected: Partial<Census> = {},
): Promise<void> {
  expect(await takeCensus(world, vm)).toEqual({ ...nothing, ...expected });
}
