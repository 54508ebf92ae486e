import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Tx } from '../../database/database';
import { failureRecord } from '../../domain/failures';
import { type FreshDatabase, withFreshDatabase } from '../support/mariadb';
import { aVm } from './builders';
import { aFailover, aLiveFailover } from './failover-builders';

let db: FreshDatabase;

beforeAll(async () => {
  db = await withFreshDatabase();
});

afterAll(async () => {
  await db.drop();
});

const within = <T>(work: (tx: Tx) => Promise<T>) => db.repositories.database.transaction(work);
const failovers = () => db.repositories.failovers;
const start = (run: ReturnType<typeof aFailover>) => within((tx) => failovers().start(tx, run));
const update = (firstRunId: string, change: Parameters<ReturnType<typeof failovers>['update']>[2]) =>
  within((tx) => failovers().update(tx, firstRunId, change));
const end = (firstRunId: string, how: Parameters<ReturnType<typeof failovers>['end']>[2]) =>
  within((tx) => failovers().end(tx, firstRunId, how));

const failure = failureRecord('vm-unknown', { vm: 'pgtest1' });

describe('the row of a failover', () => {
  test('is started once, and a request id belongs to one run', async () => {
    const run = aFailover();
    expect(await start(run)).toEqual({ outcome: 'started' });
    expect(await start(run)).toEqual({ outcome: 'there' });
    const stored = { ...run, phase: 'preflight', updatedAt: expect.any(String) };
    expect(await failovers().get(run.firstRunId)).toEqual(stored);
    expect(await failovers().byRequestId(run.requestId)).toEqual(stored);
    expect(await start(aFailover({ requestId: run.requestId }))).toMatchObject({
      outcome: 'conflict',
      other: { firstRunId: run.firstRunId, requestDigest: run.requestDigest },
    });
    expect(await failovers().get(randomUUID())).toBeUndefined();
    expect(await failovers().byRequestId(randomUUID())).toBeUndefined();
  });

  test('of a failback or a revert names no VM to be made', async () => {
    const { failoverVmName, ...run } = aFailover({ kind: 'revert' });
    expect(failoverVmName).toBeDefined();
    await start(run);
    expect(await failovers().get(run.firstRunId)).not.toHaveProperty('failoverVmName');
  });

  test('shows what is now, keeps what it once knew, and nothing after its end', async () => {
    const { firstRunId } = aFailover();
    await start(aFailover({ firstRunId }));
    const known = { failoverVmId: randomUUID(), pointId: randomUUID(), leaseUntil: '2026-01-02T07:04:05.678Z' };
    for (const _ of [1, 2]) {
      await update(firstRunId, { phase: 'retrying', reason: 'disk 2001 is tried again', failure, ...known });
    }
    expect(await failovers().get(firstRunId)).toMatchObject({
      phase: 'retrying',
      reason: 'disk 2001 is tried again',
      failure,
      ...known,
    });
    await update(firstRunId, { phase: 'running' });
    const running = await failovers().get(firstRunId);
    expect(running).toMatchObject({ phase: 'running', ...known });
    expect(running).not.toHaveProperty('reason');
    expect(running).not.toHaveProperty('failure');

    await end(firstRunId, { phase: 'ended', result: '{"disks":[]}' });
    const ended = await failovers().get(firstRunId);
    expect(ended).toMatchObject({ phase: 'ended', result: '{"disks":[]}', endedAt: expect.stringMatching(/Z$/) });
    await update(firstRunId, { phase: 'running', reason: 'late', pointId: randomUUID() });
    await end(firstRunId, { phase: 'rolled_back', failure });
    expect(await failovers().get(firstRunId)).toEqual(ended);
  });

  test('that was never started cannot be changed', async () => {
    await expect(update(randomUUID(), { phase: 'running' })).rejects.toMatchObject({ name: 'RowMissingError' });
    await expect(end(randomUUID(), { phase: 'ended' })).rejects.toMatchObject({ name: 'RowMissingError' });
  });

  test('of one request goes to one of several runs at the same time', async () => {
    const requestId = randomUUID();
    const outcomes = await Promise.all([1, 2, 3].map(() => start(aFailover({ requestId }))));
    expect(outcomes.map((result) => result.outcome).sort()).toEqual(['conflict', 'conflict', 'started']);
  });

  test.each([
    ['kind', 'sideways'],
    ['phase', 'done'],
    ['failure', 'no JSON'],
  ])('with a %s that nobody knows is refused by name', async (column, value) => {
    const run = aFailover();
    await start(run);
    await db.query('UPDATE failovers SET ?? = ? WHERE first_run_id = ?', [column, value, run.firstRunId]);
    await expect(failovers().get(run.firstRunId)).rejects.toThrow(run.firstRunId);
    await db.query('DELETE FROM failovers WHERE first_run_id = ?', [run.firstRunId]);
  });

  test('is listed newest first, of a site or a VM, as many as asked for', async () => {
    const vm = { ...aVm(), site: 'listed' };
    const runs = [aFailover(vm), aFailover({ site: 'listed' }), aFailover(vm)];
    for (const run of runs) await start(run);
    const indexes = async (filter: Parameters<ReturnType<typeof failovers>['list']>[0]) =>
      (await failovers().list(filter)).map(({ firstRunId }) => runs.findIndex((run) => run.firstRunId === firstRunId));
    expect(await indexes({ site: 'listed' })).toEqual([2, 1, 0]);
    expect(await indexes({ sourceVmId: vm.sourceVmId })).toEqual([2, 0]);
    expect(await indexes({ site: 'listed', limit: 1 })).toEqual([2]);
  });
});

describe('where a VM is failed over to', () => {
  const goLive = (live: ReturnType<typeof aLiveFailover>) => within((tx) => failovers().goLive(tx, live));
  const endLive = (vm: ReturnType<typeof aVm>, failoverVmId: string) =>
    within((tx) => failovers().endLive(tx, vm, failoverVmId));

  test('is recorded once, found the second time, and gone with the way back', async () => {
    const live = aLiveFailover();
    expect(await failovers().liveOf(live)).toBeUndefined();
    expect(await goLive(live)).toBe('recorded');
    const stored = await failovers().liveOf(live);
    expect(stored).toEqual({ ...live, since: expect.stringMatching(/Z$/) });
    expect(await goLive({ ...live, pointId: randomUUID(), firstRunId: randomUUID() })).toBe('there');
    expect(await failovers().liveOf(live)).toEqual(stored);

    await endLive(live, randomUUID());
    await endLive(aVm(), live.failoverVmId);
    expect(await failovers().liveOf(live)).toEqual(stored);
    for (const _ of [1, 2]) await endLive(live, live.failoverVmId);
    expect(await failovers().liveOf(live)).toBeUndefined();
    expect(await goLive(live)).toBe('recorded');
  });

  test('is one place: another VM for it is a conflict that names both', async () => {
    const live = aLiveFailover();
    await goLive(live);
    const rival = aLiveFailover({ ...live, failoverVmId: randomUUID(), failoverVmName: 'another' });
    await expect(goLive(rival)).rejects.toMatchObject({
      name: 'RowConflictError',
      wanted: expect.stringContaining(rival.failoverVmId),
      found: expect.stringContaining(live.failoverVmId),
    });
    expect(await failovers().liveOf(live)).toMatchObject({ failoverVmId: live.failoverVmId });
  });

  test('is of one source VM: the same failover VM for another is a conflict', async () => {
    const live = aLiveFailover();
    await goLive(live);
    const rival = aLiveFailover({ failoverVmId: live.failoverVmId });
    await expect(goLive(rival)).rejects.toMatchObject({ name: 'RowConflictError', found: 'of another source VM' });
    expect(await failovers().liveOf(rival)).toBeUndefined();
  });

  test('goes to one of several that record it at the same time', async () => {
    const live = aLiveFailover();
    const outcomes = await Promise.all([1, 2, 3].map(() => goLive(live)));
    expect(outcomes.sort()).toEqual(['recorded', 'there', 'there']);
  });

  test('is seen within the transaction that records it, and outside only from its commit on', async () => {
    const live = aLiveFailover();
    await within(async (tx) => {
      await failovers().goLive(tx, live);
      expect(await failovers().liveOf(live, tx)).toMatchObject({ failoverVmId: live.failoverVmId });
      expect(await failovers().liveOf(live)).toBeUndefined();
    });
    expect(await failovers().liveOf(live)).toMatchObject({ failoverVmId: live.failoverVmId });
  });

  test('with volumes that cannot be read is refused by name', async () => {
    const live = aLiveFailover();
    await goLive(live);
    await db.query("UPDATE live_failovers SET volumes = '[{}]' WHERE failover_vm_id = ?", [live.failoverVmId]);
    await expect(failovers().liveOf(live)).rejects.toMatchObject({
      name: 'UnreadableRowError',
      message: expect.stringContaining(live.failoverVmId),
    });
  });
});
