import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { failoverSteps, failoverUndos, pointWork } from '../../domain/failover-steps';

/** Effects that no unhindered run of a scenario has, and why. An effect that is in the catalogue by now fails here. */
const elsewhere: Readonly<Record<string, string>> = {
  'snapshotVolume.removeDouble': 'only after a request that was carried out twice; step contract',
  'restoreVolume.removeDouble': 'only after a request that was carried out twice; step contract',
  'deployVm.removeDouble': 'only after a request that was carried out twice; step contract',
  'deployVm.osType': 'only where the request names an OS type; step contract',
  'removeVm.deleteRoot': "only where clearRoot could not delete the template's root; step contract",
};

test('every effect of failovers is cut off in whole runs, or is named here with the reason', () => {
  const file = path.join(__dirname, '../prove/failover/catalogue.json');
  const catalogue = JSON.parse(readFileSync(file, 'utf8')) as Record<string, { effects: string[] }>;
  const heard = new Set(Object.values(catalogue).flatMap(({ effects }) => effects));
  const rows = Object.values({ ...failoverSteps, ...failoverUndos, ...pointWork });
  const missing = rows.flatMap(({ effects }) => effects).filter((effect) => !heard.has(effect));
  // Run `npm run prove -- failover --list` after a change of the scenarios or the steps: it writes the catalogue.
  expect(missing.sort()).toEqual(Object.keys(elsewhere).sort());
});
