import { describe, expect, test } from '@jest/globals';
import { checks, runCheck } from '../../contract/checks/all';
import { startOwnStage } from '../../contract/own-simulator';
import { failuresOf } from '../../contract/report';

describe('behaviour that no recording shows', () => {
  test.concurrent.each(checks.map((check) => [check.name, check] as const))('%s', async (_, check) => {
    const stage = await startOwnStage();
    try {
      expect(failuresOf(await runCheck(stage, check, stage.control))).toEqual([]);
    } finally {
      await stage.close();
    }
  });
});
