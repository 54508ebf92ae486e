import { chances } from '../../simulator/seeded-chance';

/**
 * A sample that is spread out: the list is cut into as many stretches as cases are wanted, and one is drawn from each, so that
 * neighbours (the same step, the same call) do not crowd out the rest. It follows from the seed alone.
 */
export function spreadOut<T>(all: readonly T[], count: number, seed: number): T[] {
  const next = chances(seed);
  const wanted = Math.min(count, all.length);
  return Array.from({ length: wanted }, (_, index) => {
    const from = Math.floor((index * all.length) / wanted);
    const to = Math.floor(((index + 1) * all.length) / wanted);
    return all[from + Math.floor(next() * (to - from))];
  }).filter((drawn) => drawn !== undefined);
}

/** The list in another order, which follows from the seed alone. */
export function shuffled<T>(all: readonly T[], seed: number): T[] {
  const next = chances(seed);
  return all
    .map((one) => ({ one, at: next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
}
