import { describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { startOwnStage } from '../../contract/own-simulator';
import { readScenarios } from '../../contract/recording';
import { replayScenario } from '../../contract/replay';
import { failuresOf } from '../../contract/report';
import { notYet } from './not-yet';

const folder = join(__dirname, '..', 'cloudstack', 'fixtures', 'cloudstack-4.22.1.0');
const scenarios = readScenarios(folder).map((scenario) => [scenario.scenario, scenario] as const);

describe('answers of a real 4.22.1.0, replayed', () => {
  test.concurrent.each(scenarios)('%s', async (name, scenario) => {
    const stage = await startOwnStage();
    try {
      const failures = failuresOf(await replayScenario(stage, scenario));
      if (notYet.includes(name)) expect(failures).not.toEqual([]);
      else expect(failures).toEqual([]);
    } finally {
      await stage.close();
    }
  });

  test('what is not passed yet is a fixture', () => {
    expect(scenarios.map(([name]) => name)).toEqual(expect.arrayContaining([...notYet]));
  });
});
