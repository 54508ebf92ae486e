import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Tx } from '../../database/database';
import { failureRecord } from '../../domain/failures';
import { type FreshDatabase, withFreshDatabase } from '../support/mariadb';
import { aJob, aVm } from './builders';

let db: FreshDatabase;

beforeAll(async () => {
  db = await withFreshDatabase();
});

afterAll(async () => {
  await db.drop();
});

const within = <T>(work: (tx: Tx) => Promise<T>) => db.repositories.database.transaction(work);
const jobs = () => db.repositories.jobs;
const start = (job: ReturnType<typeof aJob>) => within((tx) => jobs().start(tx, job));

const failure = failureRecord('vm-unknown', { vm: 'pgtest1' });

describe('the row of a run', () => {
  test('is started once, and a request id belongs to one run', async () => {
    const job = aJob();
    expect(await start(job)).toEqual({ outcome: 'started' });
    expect(await start(job)).toEqual({ outcome: 'there' });
    expect(await jobs().byRequestId(job.requestId)).toEqual({
      ...job,
      phase: 'preflight',
      updatedAt: expect.any(String),
    });
    expect(await start(aJob({ requestId: job.requestId }))).toMatchObject({
      outcome: 'conflict',
      other: { firstRunId: job.firstRunId, requestDigest: job.requestDigest },
    });
    expect(await jobs().byRequestId(randomUUID())).toBeUndefined();
  });

  test('shows what is now, and nothing after its end', async () => {
    const job = aJob();
    await start(job);
    for (const _ of [1, 2]) {
      await within((tx) => jobs().setPhase(tx, job.firstRunId, 'retrying', 'disk 2001 is tried again', failure));
    }
    expect(await jobs().latestOfVm(job)).toMatchObject({
      phase: 'retrying',
      reason: 'disk 2001 is tried again',
      failure,
    });
    await within((tx) => jobs().setPhase(tx, job.firstRunId, 'copying'));
    const copying = await jobs().latestOfVm(job);
    expect(copying).toMatchObject({ phase: 'copying' });
    expect(copying).not.toHaveProperty('reason');
    expect(copying).not.toHaveProperty('failure');

    await within((tx) => jobs().end(tx, job.firstRunId, { phase: 'replicated', result: '{"disks":[]}' }));
    const ended = await jobs().latestOfVm(job);
    expect(ended).toMatchObject({ phase: 'replicated', result: '{"disks":[]}', endedAt: expect.stringMatching(/Z$/) });
    await within((tx) => jobs().setPhase(tx, job.firstRunId, 'copying', 'late'));
    await within((tx) => jobs().end(tx, job.firstRunId, { phase: 'rolled_back', failure }));
    expect(await jobs().latestOfVm(job)).toEqual(ended);
  });

  test('that was never started cannot be changed', async () => {
    await expect(within((tx) => jobs().setPhase(tx, randomUUID(), 'copying'))).rejects.toMatchObject({
      name: 'RowMissingError',
    });
    await expect(within((tx) => jobs().end(tx, randomUUID(), { phase: 'rolled_back' }))).rejects.toMatchObject({
      name: 'RowMissingError',
    });
  });

  test('of one request goes to one of two runs at the same time', async () => {
    const requestId = randomUUID();
    const outcomes = await Promise.all([1, 2, 3].map(() => start(aJob({ requestId }))));
    expect(outcomes.map((result) => result.outcome).sort()).toEqual(['conflict', 'conflict', 'started']);
  });

  test('with a phase or a failure that nobody knows is refused by name', async () => {
    const job = aJob();
    await start(job);
    await db.query("UPDATE replication_jobs SET failure = 'no JSON' WHERE first_run_id = ?", [job.firstRunId]);
    await expect(jobs().latestOfVm(job)).rejects.toThrow(job.firstRunId);
    await db.query("UPDATE replication_jobs SET failure = NULL, phase = 'done' WHERE first_run_id = ?", [
      job.firstRunId,
    ]);
    await expect(jobs().latestOfVm(job)).rejects.toMatchObject({ name: 'UnreadableRowError' });
    await db.query('DELETE FROM replication_jobs WHERE first_run_id = ?', [job.firstRunId]);
  });
});

test('runs are listed newest first, of a site or a VM, as many as asked for', async () => {
  const vm = { ...aVm(), site: 'listed' };
  const runs = [aJob(vm), aJob({ ...aVm(), site: 'listed' }), aJob(vm)];
  for (const run of runs) await start(run);
  const indexes = async (filter: Parameters<ReturnType<typeof jobs>['list']>[0]) =>
    (await jobs().list(filter)).map((job) => runs.findIndex((run) => run.firstRunId === job.firstRunId));
  expect(await indexes({ site: 'listed' })).toEqual([2, 1, 0]);
  expect(await indexes({ sourceVmId: vm.sourceVmId })).toEqual([2, 0]);
  expect(await indexes({ site: 'listed', limit: 1 })).toEqual([2]);
  expect(await jobs().latestOfVm(vm)).toMatchObject({ firstRunId: runs[2]?.firstRunId });
});
