import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { makeEffect } from '../../activities/effect';
import { makeReconcileJobs } from '../../activities/reconcile-jobs';
import { failure } from '../../domain/failures';
import type { RunEnd } from '../../domain/reconcile-io';
import type { VmRef } from '../../domain/step-io';
import { type ActivityWorld, startActivityWorld } from '../support/activity-world';

let world: ActivityWorld;
let vm: VmRef;
const ends = new Map<string, RunEnd | Error>();
const told: (readonly [string, number])[] = [];
const effects: string[] = [];

beforeAll(async () => {
  world = await startActivityWorld();
});
afterAll(async () => {
  await world.close();
});
beforeEach(async () => {
  vm = await world.begin();
  ends.clear();
  told.length = 0;
  effects.length = 0;
});

/** reconcileJobs on the real tables; what Temporal says of a run is scripted, and a run that nothing is said of goes on. */
const reconcile = () => {
  const { database, jobs, failovers } = world.database.repositories;
  return makeReconcileJobs({
    database,
    jobs,
    failovers,
    endOfRun: (_workflowId, firstRunId) => {
      const end = ends.get(firstRunId);
      return end instanceof Error ? Promise.reject(end) : Promise.resolve(end);
    },
    effect: makeEffect((name, side) => void effects.push(`${side} ${name}`)),
    run: () => ({
      workflowId: 'reconcile-site/x',
      runId: 'r',
      activityId: '1',
      signal: new AbortController().signal,
      heartbeat: () => undefined,
    }),
    log: { info: () => undefined, warn: () => undefined },
    reconciled: (...what) => told.push(what),
  })({ site: vm.site });
};

const startRun = async (): Promise<string> => {
  const firstRunId = randomUUID();
  const { database, jobs } = world.database.repositories;
  const { site, sourceId, sourceVmId, vmName, applianceId } = vm;
  await database.transaction((tx) =>
    jobs.start(tx, {
      ...{ site, sourceId, sourceVmId, vmName, applianceId, firstRunId },
      workflowId: `replicate-vm/${site}/${sourceId}/${sourceVmId}`,
      requestId: randomUUID(),
      requestDigest: 'digest',
      startedAt: new Date().toISOString(),
    }),
  );
  return firstRunId;
};
const rowOf = async (firstRunId: string) =>
  (await world.database.repositories.jobs.list({ site: vm.site })).find((job) => job.firstRunId === firstRunId);

test('a row whose run goes on stays as it is; one whose run was terminated is ended with the reason', async () => {
  const [going, gone] = [await startRun(), await startRun()];
  ends.set(gone, { how: 'terminated' });
  const { corrected } = await reconcile();
  expect(corrected.filter(({ firstRunId }) => [going, gone].includes(firstRunId))).toEqual([
    expect.objectContaining({ firstRunId: gone, was: 'preflight', phase: 'abandoned' }),
  ]);
  expect(await rowOf(going)).not.toHaveProperty('endedAt');
  const row = await rowOf(gone);
  expect(row).toMatchObject({ phase: 'abandoned', endedAt: expect.any(String), failure: { code: 'run-ended' } });
  expect(row?.failure?.message).toMatch(/has ended \(terminated\), though the job table said preflight/);
  expect(effects).toEqual(['before reconcileJobs.end', 'after reconcileJobs.end']);
  expect(told).toEqual([[vm.site, 1]]);

  // Again: nothing is open any more of what has ended.
  expect((await reconcile()).corrected).toEqual([]);
  expect(await rowOf(gone)).toEqual(row);
});

test.each<[string, RunEnd, string, RegExp | undefined]>([
  ['completed as it says itself', { how: 'completed', result: { state: 'replicated' } }, 'replicated', undefined],
  [
    'completed with a state that ends no run',
    { how: 'completed', result: { state: 'copying' } },
    'abandoned',
    /completed/,
  ],
  [
    'failed',
    { how: 'failed', cause: 'the volume could not be made' },
    'abandoned',
    /failed: the volume could not be made/,
  ],
  ['beyond retention', { how: 'unknown to Temporal' }, 'abandoned', /unknown to Temporal/],
])('a run that has %s', async (_name, end, phase, message) => {
  const firstRunId = await startRun();
  ends.set(firstRunId, end);
  await reconcile();
  const row = await rowOf(firstRunId);
  expect(row?.phase).toBe(phase);
  if (message === undefined) expect(row).not.toHaveProperty('failure');
  else expect(row?.failure?.message).toMatch(message);
});

test('while Temporal does not answer nothing is ended, and the activity is tried again', async () => {
  const firstRunId = await startRun();
  ends.set(firstRunId, failure('temporal-unavailable', { address: 'x', cause: 'refused' }));
  await expect(reconcile()).rejects.toMatchObject({ code: 'temporal-unavailable' });
  expect(await rowOf(firstRunId)).not.toHaveProperty('endedAt');
  expect(told).toEqual([]);
});
