import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Proving, Verdict } from '../prove/area';
import { startFailoverProving } from '../prove/failover/runner';
import { runInOrder } from '../prove/in-order';
import { spreadOut } from '../prove/sample';

/** Another one draws another sample: DISKFERRY_PROVE_SEED=7 npm test -- test/failover/sampled-faults.test.ts */
const seed = Number(process.env['DISKFERRY_PROVE_SEED'] ?? 1);
const COUNT = 8;

let proving: Proving;
beforeAll(async () => {
  proving = await startFailoverProving();
}, 120_000);
afterAll(async () => {
  await proving.close();
}, 60_000);

test(`${String(COUNT)} cases of npm run prove -- failover, spread out by seed ${String(seed)}: former or new, never half`, async () => {
  const catalogue = await proving.catalogue();
  const sample = spreadOut(catalogue, COUNT, seed);
  const verdicts: Verdict[] = [];
  await runInOrder(proving, sample, { verdict: (verdict) => verdicts.push(verdict) });
  process.stdout.write(
    `seed ${String(seed)}, ${String(catalogue.length)} cases:\n${verdicts.map(({ id, ends }) => `  ${id} → ${ends.join(' | ')}\n`).join('')}`,
  );
  expect(verdicts.filter(({ problems }) => problems.length > 0)).toEqual([]);
  expect(verdicts).toHaveLength(COUNT);
}, 240_000);
