import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { devicePath } from '../../domain/device-path';
import { type FreshDatabase, withFreshDatabase } from '../support/mariadb';
import { aMapping } from './builders';

let db: FreshDatabase;
beforeAll(async () => {
  db = await withFreshDatabase();
});
afterAll(async () => {
  await db.drop();
});

test('a volume is found in all its places, oldest first, the live one last', async () => {
  const { database, mappings, mappingHistory } = db.repositories;
  const replica = aMapping();
  const { volumeId } = replica;
  const failoverVm = randomUUID();
  const root = {
    ...replica,
    ...{ vmId: failoverVm, devicePath: devicePath(failoverVm, volumeId), role: 'live_root' as const },
  };
  expect(await mappingHistory.ofVolume(volumeId)).toEqual([]);
  const map = (place: typeof root | typeof replica) => database.transaction((tx) => mappings.map(tx, place));
  const unmap = (because: string) => database.transaction((tx) => mappings.unmap(tx, volumeId, because));
  await map(replica);
  await unmap('a live failover');
  await map(root);
  await unmap('the way back');
  await map(replica);
  const places = await mappingHistory.ofVolume(volumeId);
  expect(places.map(({ vmId, role, unmappedBecause }) => [vmId, role, unmappedBecause])).toEqual([
    [replica.vmId, 'replica', 'a live failover'],
    [failoverVm, 'live_root', 'the way back'],
    [replica.vmId, 'replica', undefined],
  ]);
  expect(places.map(({ unmappedAt }) => unmappedAt === undefined)).toEqual([false, false, true]);
  expect(await mappingHistory.ofVolume(randomUUID())).toEqual([]);
});

test('a row of the older system, which knows no node, is shown as it is', async () => {
  const volumeId = randomUUID();
  await db.query('INSERT INTO device_mappings (device_path, vm_id, volume_uuid) VALUES (?, ?, ?)', [
    `remote-vm-${randomUUID()}`,
    randomUUID(),
    volumeId,
  ]);
  const [place] = await db.repositories.mappingHistory.ofVolume(volumeId);
  expect(place).toMatchObject({ volumeId, role: 'replica' });
  expect(place).not.toHaveProperty('deviceNode');
});
