import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { VmClaims } from '../../database/vm-claims';
import { type FreshDatabase, withFreshDatabase } from '../support/mariadb';
import { aFence } from './builders';

let db: FreshDatabase;

beforeAll(async () => {
  db = await withFreshDatabase();
});

afterAll(async () => {
  await db.drop();
});

type Claim = Parameters<VmClaims['take']>[2];

const aRun = (parts: Partial<Claim> = {}): Claim => ({
  kind: 'replication',
  workflowId: 'replicate-vm/x',
  runId: randomUUID(),
  ...parts,
});
const take = (vm: ReturnType<typeof aFence>, claim: Claim) =>
  db.repositories.database.transaction((tx) => db.repositories.claims.take(tx, vm, claim));
const release = (vm: ReturnType<typeof aFence>, runId: string) =>
  db.repositories.database.transaction((tx) => db.repositories.claims.release(tx, vm, runId));

describe('a claim on a VM', () => {
  test('is taken once, found by the same run, refused to others by name', async () => {
    const vm = aFence();
    const run = aRun();
    expect(await db.repositories.claims.holder(vm)).toBeUndefined();
    expect(await take(vm, run)).toEqual({ outcome: 'taken', epoch: 1 });
    expect(await take(vm, run)).toEqual({ outcome: 'taken', epoch: 1 });

    const holder = {
      kind: 'replication',
      workflowId: run.workflowId,
      runId: run.runId,
      epoch: 1,
      since: expect.stringMatching(/Z$/),
    };
    expect(await db.repositories.claims.holder(vm)).toEqual(holder);
    expect(await take(vm, aRun())).toEqual({ outcome: 'held', holder });
    expect(await take(vm, aRun({ kind: 'release', workflowId: 'release-vm/x' }))).toEqual({ outcome: 'held', holder });
  });

  test('is given back by its run only, and raises the epoch of the next', async () => {
    const vm = aFence();
    const run = aRun();
    await take(vm, run);
    expect(await release(vm, randomUUID())).toBe(false);
    expect(await release(vm, run.runId)).toBe(true);
    expect(await release(vm, run.runId)).toBe(false);
    expect(await db.repositories.claims.holder(vm)).toBeUndefined();
    expect(await take(vm, aRun())).toEqual({ outcome: 'taken', epoch: 2 });
  });

  test('is taken over from exactly the run that is known to be closed', async () => {
    const vm = aFence();
    const [first, second, third] = [aRun(), aRun(), aRun()];
    await take(vm, first);
    expect(await take(vm, { ...second, replaces: first.runId })).toEqual({ outcome: 'taken', epoch: 2 });
    expect(await take(vm, { ...third, replaces: first.runId })).toMatchObject({ outcome: 'held' });
    expect(await take(vm, first)).toMatchObject({ outcome: 'held', holder: { runId: second.runId } });
    expect(await release(vm, first.runId)).toBe(false);
  });

  test('goes to one of several that ask at the same time', async () => {
    const vm = aFence();
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => take(vm, aRun())));
    expect(outcomes.map((result) => result.outcome).sort()).toEqual(['held', 'held', 'held', 'held', 'taken']);
  });

  test('does not mix VMs of one id from different places', async () => {
    const vm = aFence();
    await take(vm, aRun());
    expect(await take({ ...vm, sourceId: 'vcenter-2' }, aRun())).toMatchObject({ outcome: 'taken' });
    expect(await take({ ...vm, site: 'other' }, aRun())).toMatchObject({ outcome: 'taken' });
    expect(await take({ ...vm, sourceId: 'VCENTER-1' }, aRun())).toMatchObject({ outcome: 'taken' });
  });
});
