import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Proving, Verdict } from '../prove/area';
import { allCasesOf } from '../prove/cases';
import { readCatalogue } from '../prove/catalogue';
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
  const catalogue = await readCatalogue('failover');
  const cases = allCasesOf(catalogue);
  const sample = spreadOut(cases, COUNT, seed);
  const verdicts: Verdict[] = [];
  await runInOrder(proving, sample, { verdict: (verdict) => verdicts.push(verdict) });
  const lines = verdicts.map(({ id, ends }) => `  ${id} → ${ends.join(' | ')}\n`).join('');
  process.stdout.write(`seed ${String(seed)}, ${String(cases.length)} cases:\n${lines}`);
  expect(verdicts.filter(({ problems }) => problems.length > 0)).toEqual([]);
  expect(verdicts).toHaveLength(COUNT);
  // What a cut or a delay leads to is what an unhindered run does: nothing new may have come into it since the latest catalogue.
  for (const { scenario, fault, id } of sample) {
    if (fault.kind === 'call' && fault.how !== 'late') continue;
    const known = catalogue[scenario]?.effects ?? [];
    const effects = verdicts.find((verdict) => verdict.id === id)?.effects ?? [];
    expect({ id, unknown: effects.filter((effect) => !known.includes(effect)) }).toEqual({ id, unknown: [] });
  }
}, 240_000);
