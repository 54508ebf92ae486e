import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Tx } from '../../database/database';
import { type FreshDatabase, withFreshDatabase } from '../support/mariadb';
import { aVm } from './builders';
import { aTestVolume } from './failover-builders';

let db: FreshDatabase;

beforeAll(async () => {
  db = await withFreshDatabase();
});

afterAll(async () => {
  await db.drop();
});

const within = <T>(work: (tx: Tx) => Promise<T>) => db.repositories.database.transaction(work);
const testVolumes = () => db.repositories.testVolumes;
const add = (volume: ReturnType<typeof aTestVolume>) => within((tx) => testVolumes().add(tx, volume));

test('a volume of a test is added once, also from several sides at once, and is none of the replicas', async () => {
  const volume = aTestVolume();
  await Promise.all([1, 2, 3].map(() => add(volume)));
  const stored = { ...volume, createdAt: expect.stringMatching(/Z$/) };
  expect(await testVolumes().get(volume.volumeId)).toEqual(stored);
  await add({ ...volume, snapshotId: randomUUID(), firstRunId: 'another run' });
  expect(await testVolumes().get(volume.volumeId)).toEqual(stored);
  expect(await db.repositories.volumes.get(volume.volumeId)).toBeUndefined();
  expect(await db.repositories.volumes.ofVm(volume)).toEqual([]);
  expect(await testVolumes().get(randomUUID())).toBeUndefined();
});

test('one that is gone stays known, with the time at which that was first seen, but not among those of its VM', async () => {
  const vm = aVm();
  const [data, boot] = [aTestVolume({ ...vm, diskKey: 2001 }), aTestVolume(vm)];
  for (const volume of [data, boot, aTestVolume()]) await add(volume);
  expect((await testVolumes().ofVm(vm)).map(({ diskKey }) => diskKey)).toEqual([2000, 2001]);
  await within((tx) => testVolumes().markGone(tx, boot.volumeId));
  const gone = await testVolumes().get(boot.volumeId);
  expect(gone?.goneAt).toMatch(/Z$/);
  await within((tx) => testVolumes().markGone(tx, boot.volumeId));
  expect(await testVolumes().get(boot.volumeId)).toEqual(gone);
  await within((tx) => testVolumes().markGone(tx, randomUUID()));
  expect((await testVolumes().ofVm(vm)).map(({ volumeId }) => volumeId)).toEqual([data.volumeId]);
});
