import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Fence } from '../../database/fence';
import type { VmClaims } from '../../database/vm-claims';
import { failoverWorkflowId } from '../../domain/names';
import { type FreshDatabase, withFreshDatabase } from '../support/mariadb';
import { aFence, aVm, aVolume, claim } from './builders';
import { untilRunning } from './until-running';

let db: FreshDatabase;

beforeAll(async () => {
  db = await withFreshDatabase();
});

afterAll(async () => {
  await db.drop();
});

type TestRun = Parameters<VmClaims['takeTest']>[2];

const claims = () => db.repositories.claims;
const database = () => db.repositories.database;
const aTest = (): TestRun => ({ workflowId: 'fail-over-vm/x', runId: randomUUID() });
const takeTest = (vm: Fence, run: TestRun) => database().transaction((tx) => claims().takeTest(tx, vm, run));
const releaseTest = (vm: Fence, runId: string) => database().transaction((tx) => claims().releaseTest(tx, vm, runId));
const release = (vm: Fence, runId: string) => database().transaction((tx) => claims().release(tx, vm, runId));

/** Who a test of the VM acts as. */
function aTestFence(): Fence {
  const vm = aVm();
  return { ...vm, workflowId: failoverWorkflowId(vm), runId: randomUUID() };
}

describe("a test's place beside the holder of its VM", () => {
  test('is taken once, found by the same run, refused to others by name', async () => {
    const vm = aFence();
    const run = aTest();
    expect(await claims().testHolder(vm)).toBeUndefined();
    for (const _ of [1, 2]) expect(await takeTest(vm, run)).toEqual({ outcome: 'taken', epoch: 1 });
    const holder = { ...run, epoch: 1, since: expect.stringMatching(/Z$/) };
    expect(await claims().testHolder(vm)).toEqual(holder);
    expect(await takeTest(vm, aTest())).toEqual({ outcome: 'held', holder });
    expect(await takeTest(vm, { ...run, workflowId: 'another' })).toEqual({ outcome: 'held', holder });
  });

  test('is given back by its run only, and raises the epoch of the next', async () => {
    const vm = aFence();
    const run = aTest();
    await takeTest(vm, run);
    expect(await releaseTest(vm, randomUUID())).toBe(false);
    expect(await releaseTest(vm, run.runId)).toBe(true);
    expect(await releaseTest(vm, run.runId)).toBe(false);
    expect(await claims().testHolder(vm)).toBeUndefined();
    expect(await takeTest(vm, aTest())).toEqual({ outcome: 'taken', epoch: 2 });
  });

  test('is taken over from exactly the run that is known to be closed', async () => {
    const vm = aFence();
    const [first, second, third] = [aTest(), aTest(), aTest()];
    await takeTest(vm, first);
    expect(await takeTest(vm, { ...second, replaces: first.runId })).toEqual({ outcome: 'taken', epoch: 2 });
    expect(await takeTest(vm, { ...third, replaces: first.runId })).toMatchObject({ outcome: 'held' });
    expect(await releaseTest(vm, first.runId)).toBe(false);
  });

  test('goes to one of several that ask at the same time', async () => {
    const vm = aFence();
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => takeTest(vm, aTest())));
    expect(outcomes.map((result) => result.outcome).sort()).toEqual(['held', 'held', 'held', 'held', 'taken']);
  });

  test('and the VM itself are two: neither is taken or given back with the other', async () => {
    const vm = aFence();
    const run = aTest();
    await claim(db.repositories, vm);
    expect(await takeTest(vm, run)).toEqual({ outcome: 'taken', epoch: 1 });
    expect(await release(vm, run.runId)).toBe(false);
    expect(await releaseTest(vm, vm.runId)).toBe(false);
    expect(await release(vm, vm.runId)).toBe(true);
    expect(await claims().testHolder(vm)).toMatchObject(run);
    expect(await claims().holder(vm)).toBeUndefined();
  });

  test('is seen within the transaction that takes it, and outside only from its commit on', async () => {
    const vm = aFence();
    const run = aTest();
    await database().transaction(async (tx) => {
      await claims().takeTest(tx, vm, run);
      expect(await claims().testHolder(vm, tx)).toMatchObject(run);
      expect(await claims().testHolder(vm)).toBeUndefined();
    });
    expect(await claims().testHolder(vm)).toMatchObject(run);
  });
});

describe('the fence and a test', () => {
  const work = async (fence: Fence): Promise<number> =>
    await database().fenced(fence, async (tx, { epoch }) => {
      await db.repositories.volumes.add(tx, aVolume(fence));
      return epoch;
    });

  test('lets a test work beside a replication, each with its own epoch', async () => {
    const fence = aTestFence();
    const replication = aFence(fence);
    await takeTest(fence, aTest());
    const left = await claims().testHolder(fence);
    await claim(db.repositories, replication);
    await takeTest(fence, { ...fence, ...(left === undefined ? {} : { replaces: left.runId }) });
    expect(await work(fence)).toBe(2);
    expect(await work(replication)).toBe(1);
  });

  test.each([
    ['another run has the place', async (fence: Fence) => takeTest(fence, { ...fence, runId: randomUUID() })],
    ['another workflow has the place', async (fence: Fence) => takeTest(fence, { ...fence, workflowId: 'another' })],
    ['a replication holds the VM', async (fence: Fence) => claim(db.repositories, aFence(fence))],
    [
      'the place was given back',
      async (fence: Fence) => {
        await takeTest(fence, fence);
        await releaseTest(fence, fence.runId);
      },
    ],
    ['it is the place of another VM', async (fence: Fence) => takeTest({ ...fence, ...aVm() }, fence)],
  ])('refuses a test when %s', async (_what, prepare: (fence: Fence) => Promise<unknown>) => {
    const fence = aTestFence();
    await prepare(fence);
    await expect(work(fence)).rejects.toMatchObject({ name: 'ClaimLostError', fence });
    expect(await db.repositories.volumes.ofVm(fence)).toEqual([]);
  });

  test('never has a gap while the claim is exchanged for the place, and the VM is free for a replication', async () => {
    const fence = aTestFence();
    await claim(db.repositories, fence);
    const exchange = () =>
      database().fenced(fence, async (tx) => {
        expect(await claims().takeTest(tx, fence, fence)).toMatchObject({ outcome: 'taken' });
        await claims().release(tx, fence, fence.runId);
      });
    await Promise.all([exchange(), work(fence), exchange(), work(fence)]);
    await exchange();
    await claim(db.repositories, aFence(fence));
    expect(await work(fence)).toBe(1);
    expect(await claims().testHolder(fence)).toMatchObject({ runId: fence.runId, epoch: 1 });
  });

  test('holds the end of a test back until the effect is committed', async () => {
    const fence = aTestFence();
    await takeTest(fence, fence);
    const order: string[] = [];
    let ended: Promise<unknown> = Promise.resolve();
    await database().fenced(fence, async () => {
      ended = releaseTest(fence, fence.runId).then(() => order.push('ended'));
      await untilRunning(db, /^update `vm_test_claims`/);
      order.push('effect');
    });
    await ended;
    expect(order).toEqual(['effect', 'ended']);
  });
});
