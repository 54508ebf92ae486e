import { describe, expect, test } from '@jest/globals';
import { checks, runCheck } from '../../contract/checks/all';
import { startOwnStage } from '../../contract/own-simulator';
import { failuresOf } from '../../contract/report';
import { notYet } from './not-yet';

describe('behaviour that no recording shows', () => {
  test.concurrent.each(checks.map((check) => [check.name, check] as const))('%s', async (name, check) => {
    const stage = await startOwnStage();
    try {
      const failures = failuresOf(await runCheck(stage, check, stage.control));
      if (notYet.includes(name)) expect(failures).not.toEqual([]);
      else expect(failures).toEqual([]);
    } finally {
      await stage.close();
    }
  });
});
