import { describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { startOwnStage } from '../../contract/own-simulator';
import { readScenarios } from '../../contract/recording';
import { replayScenario } from '../../contract/replay';
import { failuresOf } from '../../contract/report';

const folder = join(__dirname, '..', 'cloudstack', 'fixtures', 'cloudstack-4.22.1.0');
const scenarios = readScenarios(folder).map((scenario) => [scenario.scenario, scenario] as const);

describe('answers of a real 4.22.1.0, replayed', () => {
  test.concurrent.each(scenarios)('%s', async (_, scenario) => {
    const stage = await startOwnStage();
    try {
      expect(failuresOf(await replayScenario(stage, scenario))).toEqual([]);
    } finally {
      await stage.close();
    }
  });
});
