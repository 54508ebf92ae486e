import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { type FreshDatabase, withFreshDatabase } from '../support/mariadb';
import { aVm } from './builders';
import { aVmOperation } from './failover-builders';

let db: FreshDatabase;

beforeAll(async () => {
  db = await withFreshDatabase();
});

afterAll(async () => {
  await db.drop();
});

type Operation = Parameters<ReturnType<typeof operations>['record']>[1];

const operations = () => db.repositories.vmOperations;
const record = (operation: Operation) =>
  db.repositories.database.transaction((tx) => operations().record(tx, operation));
const finish = (id: string, end: { state: 'done' | 'failed'; failoverVmId?: string; failure?: string }) =>
  db.repositories.database.transaction((tx) => operations().finish(tx, id, end));

/** A deploy whose VM has no id of our choice. */
function aDeploy(): Operation {
  const { failoverVmId, ...deploy } = aVmOperation({ kind: 'deploy', choseVmId: false });
  expect(failoverVmId).toBeDefined();
  return deploy;
}

describe('the row of an operation on a failover VM', () => {
  test('is written whole, once', async () => {
    const operation = aVmOperation({ kind: 'clear-root', rootVolumeId: randomUUID() });
    await record(operation);
    const stored = await operations().get(operation.id);
    expect(stored).toEqual({
      ...operation,
      state: 'recorded',
      createdAt: expect.stringMatching(/Z$/),
      updatedAt: stored?.createdAt,
    });
    await record({ ...operation, jobId: 'another try must not change what was sent' });
    expect(await operations().get(operation.id)).toEqual(stored);
    expect(await operations().ofVm(operation.failoverVmId)).toHaveLength(1);
  });

  test('of a deploy gets its VM at the end, and a final row stays as it is', async () => {
    const deploy = aDeploy();
    await record(deploy);
    expect(await operations().get(deploy.id)).not.toHaveProperty('failoverVmId');
    const made = randomUUID();
    await finish(deploy.id, { state: 'done', failoverVmId: made });
    const done = await operations().get(deploy.id);
    expect(done).toMatchObject({ state: 'done', failoverVmId: made });
    await finish(deploy.id, { state: 'failed', failoverVmId: randomUUID(), failure: 'late' });
    expect(await operations().get(deploy.id)).toEqual(done);
    expect(await operations().ofVm(made)).toHaveLength(1);
  });

  test('that failed says why', async () => {
    const operation = aVmOperation();
    await record(operation);
    await finish(operation.id, { state: 'failed', failure: 'no capacity' });
    expect(await operations().get(operation.id)).toMatchObject({ state: 'failed', failure: 'no capacity' });
  });

  test('that is not there is a mistake of the caller', async () => {
    await expect(finish(randomUUID(), { state: 'done' })).rejects.toMatchObject({ name: 'RowMissingError' });
    expect(await operations().get(randomUUID())).toBeUndefined();
  });

  test('with a kind that nobody knows is refused by name', async () => {
    const operation = aVmOperation();
    await record(operation);
    await db.query("UPDATE vm_operations SET kind = 'reboot' WHERE id = ?", [operation.id]);
    await expect(operations().get(operation.id)).rejects.toMatchObject({
      name: 'UnreadableRowError',
      message: expect.stringContaining(operation.id),
    });
  });
});

describe('one unfinished operation per failover VM', () => {
  test('a second is refused and names the first; when that is final there is room', async () => {
    const first = aVmOperation({ kind: 'stop' });
    const second = aVmOperation({ failoverVmId: first.failoverVmId });
    await record(first);
    await expect(record(second)).rejects.toMatchObject({
      name: 'VmOperationActiveError',
      message: expect.stringContaining(first.failoverVmId),
      active: { id: first.id, kind: 'stop' },
    });
    expect(await operations().active(first.failoverVmId)).toMatchObject({ id: first.id });
    await finish(first.id, { state: 'done' });
    expect(await operations().active(first.failoverVmId)).toBeUndefined();
    await record(second);
    expect(await operations().active(first.failoverVmId)).toMatchObject({ id: second.id });
  });

  test('of several at the same time one is written', async () => {
    const failoverVmId = randomUUID();
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => record(aVmOperation({ failoverVmId }))));
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []));
    expect(refused.map((error) => error.name)).toEqual(Array.from({ length: 4 }, () => 'VmOperationActiveError'));
    expect(await operations().ofVm(failoverVmId)).toHaveLength(1);
  });

  test('does not bind deploys whose VM is not known yet', async () => {
    const deploy = aDeploy();
    const other = { ...deploy, id: randomUUID() };
    for (const one of [deploy, other]) await record(one);
    expect((await operations().ofSourceVm(deploy)).map(({ id }) => id)).toEqual([deploy.id, other.id]);
  });
});

test('the operations of a source VM come oldest first, by kind, run and attempt', async () => {
  const base = aVmOperation(aVm());
  const rows = [
    { ...base, kind: 'deploy' as const },
    { ...base, id: randomUUID() },
    { ...base, id: randomUUID(), attempt: 2 },
    { ...base, id: randomUUID(), firstRunId: 'another' },
  ];
  for (const row of rows) {
    await record(row);
    await finish(row.id, { state: 'done' });
  }
  await record(aVmOperation());

  const indexes = async (filter?: Parameters<ReturnType<typeof operations>['ofSourceVm']>[1]) =>
    (await operations().ofSourceVm(base, filter)).map(({ id }) => rows.findIndex((row) => row.id === id));
  expect(await indexes()).toEqual([0, 1, 2, 3]);
  expect(await indexes({ kind: 'start' })).toEqual([1, 2, 3]);
  expect(await indexes({ attempt: 1, firstRunId: base.firstRunId })).toEqual([0, 1]);
  expect(await indexes({ kind: 'expunge' })).toEqual([]);
});
