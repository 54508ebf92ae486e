import { expect, jest, test } from '@jest/globals';
import { commandContext } from '../../client/command-context';
import { commandModules } from '../../client/command-modules';
import type { Truths } from '../../doctor/truths';
import { healthySite, truthsOf } from './site';

test('--watch reports when the findings are others than before, and not otherwise', async () => {
  const broken = healthySite();
  broken.facts.recoveryPoints = 0;
  const looks: Truths[] = [healthySite(), healthySite(), broken, broken, healthySite()].map(truthsOf);
  jest.doMock('node:timers/promises', () => ({ setTimeout: () => Promise.resolve() }));
  jest.doMock('../../worker/config', () => ({ loadConfiguration: () => Promise.resolve({ sites: new Map() }) }));
  jest.doMock('../../client/doctor-look', () => ({
    chosenSites: () => [],
    withTruths: async (...[, , , work]: [unknown, unknown, unknown, (truths: Truths[]) => Promise<unknown>]) => {
      const truths = looks.shift();
      if (truths === undefined) throw new Error('interrupted');
      return await work([truths]);
    },
  }));
  // loaded only now, on its first use
  const { run } = commandModules.doctor();
  const lines: string[] = [];
  const stream = { write: (text: string) => (lines.push(text), true) };
  const io = { stdout: stream, stderr: stream, env: {}, patienceMs: 0 };
  const context = commandContext(io, { json: true, config: 'x.toml' });
  await expect(run(context, undefined, { severity: 'info', watch: true, every: 1 })).rejects.toThrow('interrupted');
  const counts = lines.map((line) => (JSON.parse(line) as { findings: unknown[] }).findings.length);
  expect(counts).toEqual([0, 1, 0]);
});
