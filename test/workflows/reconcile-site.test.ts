import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { ReconcileSiteOutput } from '../../domain/reconcile-io';
import { applicationFailure } from '../support/scripted-activities';
import type { WorkflowWorld } from '../support/workflow-world';
import { startWorkflowWorld } from '../support/workflow-world';

let world: WorkflowWorld;
beforeAll(async () => {
  world = await startWorkflowWorld();
}, 120_000);
afterAll(() => world.close(), 120_000);
afterEach(() => {
  world.reset();
});

const reconcile = async (): Promise<ReconcileSiteOutput> =>
  (await (await world.startWorkflow('reconcileSite', { site: 'qc' })).result()) as ReconcileSiteOutput;
const told = () => world.activities.calls.map(({ name }) => name);

describe('the reconciliation of a site', () => {
  test('corrects the job table first, then has doctor look, and gives back what it found', async () => {
    expect(await reconcile()).toEqual({
      looked: 1,
      corrected: [],
      doctor: {
        at: '2025-09-28T19:00:00.000Z',
        findings: { critical: 0, error: 1, warning: 0, info: 0 },
        gravest: ['ghost-disk/a/b'],
        notCompared: [],
      },
    });
    expect(told()).toEqual(['reconcileJobs', 'runDoctor']);
    expect(world.activities.calls.map(({ input }) => input)).toEqual([{ site: 'qc' }, { site: 'qc' }]);
  });

  test('ends well although doctor fails, and says why', async () => {
    world.activities.script(({ name }) =>
      name === 'runDoctor'
        ? Promise.reject(applicationFailure('site-unknown', { site: 'qc', configured: 'none' }))
        : undefined,
    );
    expect(await reconcile()).toEqual({
      looked: 1,
      corrected: [],
      doctor: { failed: 'Site qc is not configured here; configured: none' },
    });
    expect(told()).toEqual(['reconcileJobs', 'runDoctor']);
  });
});
