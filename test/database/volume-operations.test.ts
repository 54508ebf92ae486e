import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { type FreshDatabase, withFreshDatabase } from '../support/mariadb';
import { aVm, anOperation } from './builders';

let db: FreshDatabase;

beforeAll(async () => {
  db = await withFreshDatabase();
});

afterAll(async () => {
  await db.drop();
});

type Operation = ReturnType<typeof anOperation>;

const operations = () => db.repositories.operations;
const record = (operation: Operation) =>
  db.repositories.database.transaction((tx) => operations().record(tx, operation));
const finish = (id: string, end: { state: 'done' | 'failed'; volumeId?: string; failure?: string }) =>
  db.repositories.database.transaction((tx) => operations().finish(tx, id, end));
const markDoubtful = (id: string) => db.repositories.database.transaction((tx) => operations().markDoubtful(tx, id));

describe('an operation row', () => {
  test('is written whole, once', async () => {
    const operation = anOperation({ found: { attached: true, vmId: 'x', deviceId: 3 }, volumeName: 'diskferry-x' });
    await record(operation);
    const stored = await operations().get(operation.id);
    expect(stored).toEqual({
      ...operation,
      state: 'recorded',
      doubtful: false,
      createdAt: expect.any(String),
      updatedAt: stored?.createdAt,
    });
    await record({ ...operation, jobId: 'another try must not change what was sent' });
    expect(await operations().get(operation.id)).toEqual(stored);
    expect(await operations().ofVolume(operation.volumeId ?? '')).toHaveLength(1);
  });

  test('of a create gets its volume at the end, and a final row stays as it is', async () => {
    const { volumeId, vmId, ...create } = anOperation({ kind: 'create', choseVolumeId: false });
    expect([volumeId, vmId]).not.toContain(undefined);
    await record(create);
    expect(await operations().get(create.id)).not.toHaveProperty('volumeId');
    const made = randomUUID();
    await finish(create.id, { state: 'done', volumeId: made });
    const done = await operations().get(create.id);
    expect(done).toMatchObject({ state: 'done', volumeId: made });
    await finish(create.id, { state: 'failed', volumeId: randomUUID(), failure: 'late' });
    expect(await operations().get(create.id)).toEqual(done);
    expect(await operations().ofVolume(made)).toHaveLength(1);
  });

  test('keeps its doubt, also after the end', async () => {
    const operation = anOperation();
    await record(operation);
    await finish(operation.id, { state: 'failed', failure: 'CloudStack said no' });
    await markDoubtful(operation.id);
    await markDoubtful(operation.id);
    expect(await operations().get(operation.id)).toMatchObject({
      state: 'failed',
      failure: 'CloudStack said no',
      doubtful: true,
    });
  });

  test('that is not there is a mistake of the caller', async () => {
    await expect(finish(randomUUID(), { state: 'done' })).rejects.toMatchObject({ name: 'RowMissingError' });
    await expect(markDoubtful(randomUUID())).rejects.toMatchObject({ name: 'RowMissingError' });
    expect(await operations().get(randomUUID())).toBeUndefined();
  });
});

describe('one unfinished operation per volume', () => {
  test('a second is refused and names the first; when that is final there is room', async () => {
    const first = anOperation();
    const second = anOperation({ kind: 'detach', ...(first.volumeId !== undefined && { volumeId: first.volumeId }) });
    await record(first);
    await expect(record(second)).rejects.toMatchObject({ name: 'OperationActiveError', active: { id: first.id } });
    expect(await operations().active(first.volumeId ?? '')).toMatchObject({ id: first.id });
    await finish(first.id, { state: 'done' });
    expect(await operations().active(first.volumeId ?? '')).toBeUndefined();
    await record(second);
    expect(await operations().active(first.volumeId ?? '')).toMatchObject({ id: second.id, kind: 'detach' });
  });

  test('of several at the same time one is written', async () => {
    const volumeId = randomUUID();
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => record(anOperation({ volumeId }))));
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []));
    expect(refused.map((error) => error.name)).toEqual(Array.from({ length: 4 }, () => 'OperationActiveError'));
    expect(await operations().ofVolume(volumeId)).toHaveLength(1);
  });

  test('does not bind operations whose volume is not known yet', async () => {
    const { volumeId, ...create } = anOperation({ kind: 'create' });
    expect(volumeId).toBeDefined();
    await record(create);
    await record({ ...create, id: randomUUID() });
    expect((await operations().unfinished()).map((operation) => operation.id)).toContain(create.id);
  });
});

test('the operations of a disk come oldest first, by kind, run and attempt', async () => {
  const vm = aVm();
  const base = anOperation({ ...vm, diskKey: 2001 });
  const rows = [
    { ...base, kind: 'create' as const },
    { ...base, id: randomUUID() },
    { ...base, id: randomUUID(), attempt: 2 },
    { ...base, id: randomUUID(), firstRunId: 'another' },
  ];
  for (const row of rows) {
    await record(row);
    await finish(row.id, { state: 'done' });
  }
  await record(anOperation({ ...vm, diskKey: 2000 }));

  const ids = async (filter?: Parameters<ReturnType<typeof operations>['ofDisk']>[2]) =>
    (await operations().ofDisk(vm, 2001, filter)).map((operation) => rows.findIndex((row) => row.id === operation.id));
  expect(await ids()).toEqual([0, 1, 2, 3]);
  expect(await ids({ kind: 'attach' })).toEqual([1, 2, 3]);
  expect(await ids({ attempt: 1, firstRunId: base.firstRunId })).toEqual([0, 1]);
  expect(await ids({ kind: 'detach' })).toEqual([]);
});
