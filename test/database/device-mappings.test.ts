import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { devicePath } from '../../domain/device-path';
import { type FreshDatabase, withFreshDatabase } from '../support/mariadb';
import { aMapping } from './builders';
import { untilRunning } from './until-running';

/** The two queries of the job sheet VD-2025-0928-001, word for word. */
const DUPLICATES = `-- Check for duplicate device paths (should return 0)
SELECT device_path, COUNT(*) FROM device_mappings 
GROUP BY device_path HAVING COUNT(*) > 1;`;
const PGTEST1 = `-- Verify pgtest1 device mappings
SELECT device_path, volume_uuid FROM device_mappings 
WHERE vm_id='1c266316-503d-451d-9392-9585a6fcba41';`;
const APPLIANCE = '1c266316-503d-451d-9392-9585a6fcba41';

let db: FreshDatabase;

beforeAll(async () => {
  db = await withFreshDatabase();
});

afterAll(async () => {
  await db.drop();
});

const map = (mapping: ReturnType<typeof aMapping>) =>
  db.repositories.database.transaction((tx) => db.repositories.mappings.map(tx, mapping));
const unmap = (volumeId: string) =>
  db.repositories.database.transaction((tx) => db.repositories.mappings.unmap(tx, volumeId, 'a test'));

describe('the job sheet', () => {
  test('both queries answer as it says, and the duplicate of a path is refused by its unique key', async () => {
    const disks = [aMapping({ vmId: APPLIANCE }), aMapping({ vmId: APPLIANCE, cloudStackDeviceId: 2 })];
    for (const disk of disks) await map(disk);

    expect(await db.query(DUPLICATES)).toEqual([]);
    const rows = await db.query<{ device_path: string; volume_uuid: string }>(PGTEST1);
    expect(rows).toHaveLength(2);
    for (const disk of disks) {
      expect(rows).toContainEqual({ device_path: disk.devicePath, volume_uuid: disk.volumeId });
      expect(disk.devicePath).toBe(`remote-vm-${APPLIANCE}-${disk.volumeId}`);
    }

    await expect(
      db.query('INSERT INTO device_mappings (device_path, vm_id, volume_uuid) VALUES (?, ?, ?)', [
        disks[0]?.devicePath,
        APPLIANCE,
        randomUUID(),
      ]),
    ).rejects.toThrow(/Duplicate entry 'remote-vm-.*' for key '.*unique_device_path'/);

    for (const disk of disks) expect(await unmap(disk.volumeId)).toBe(true);
    expect(await db.query(PGTEST1)).toEqual([]);
  });
});

describe('map', () => {
  test('maps once, and finds its own row the second time, also for a later run', async () => {
    const mapping = aMapping();
    const first = await map(mapping);
    expect(first).toEqual({
      outcome: 'mapped',
      mapping: { ...mapping, state: 'mapped', createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]+\.\d{3}Z$/) },
    });
    const again = await map({ ...mapping, mappedByFirstRunId: randomUUID() });
    expect(again).toEqual({ ...first, outcome: 'there' });
    expect(await db.repositories.mappings.ofVolume(mapping.volumeId)).toEqual(
      again.outcome === 'there' && again.mapping,
    );
  });

  test.each([
    ['device path', (held: ReturnType<typeof aMapping>) => aMapping({ devicePath: held.devicePath })],
    ['volume', (held: ReturnType<typeof aMapping>) => aMapping({ volumeId: held.volumeId })],
    ['device node', (held: ReturnType<typeof aMapping>) => aMapping({ vmId: held.vmId, deviceNode: held.deviceNode })],
  ])('names who holds the %s', async (what, rival) => {
    const held = aMapping();
    await map(held);
    const wanted = rival(held);
    expect(await map(wanted)).toMatchObject({
      outcome: 'conflict',
      what: expect.stringContaining(what),
      other: { volumeId: held.volumeId, devicePath: held.devicePath, ownerWorkflowId: held.ownerWorkflowId },
    });
    expect(await db.repositories.mappings.list({ vmId: held.vmId })).toHaveLength(1);
  });

  test('gives the same device node to volumes of different VMs', async () => {
    const held = aMapping();
    await map(held);
    expect(await map(aMapping({ deviceNode: held.deviceNode }))).toMatchObject({ outcome: 'mapped' });
  });

  test('of two at the same time one maps and the other finds it', async () => {
    const mapping = aMapping();
    const outcomes = await Promise.all([map(mapping), map(mapping), map(mapping)]);
    expect(outcomes.map((result) => result.outcome).sort()).toEqual(['mapped', 'there', 'there']);
  });

  test('of two that want one device node one maps and the other is a conflict', async () => {
    const vmId = randomUUID();
    const rivals = [aMapping({ vmId, deviceNode: '/dev/x' }), aMapping({ vmId, deviceNode: '/dev/x' })];
    const outcomes = await Promise.all(rivals.map(map));
    expect(outcomes.map((result) => result.outcome).sort()).toEqual(['conflict', 'mapped']);
  });

  test('waits for an open transaction that holds the path, and takes the place when that is rolled back', async () => {
    const mapping = aMapping();
    const other = await db.connect();
    await other.beginTransaction();
    await other.query("INSERT INTO device_mappings (device_path, vm_id, volume_uuid) VALUES (?, ?, 'other')", [
      mapping.devicePath,
      mapping.vmId,
    ]);
    const waiting = map(mapping);
    await untilRunning(db, /^insert into `device_mappings`/);
    await other.rollback();
    expect(await waiting).toMatchObject({ outcome: 'mapped' });
  });
});

describe('unmap', () => {
  test('moves the row to the history, once', async () => {
    const mapping = aMapping();
    const before = await map(mapping);
    expect(await unmap(mapping.volumeId)).toBe(true);
    expect(await unmap(mapping.volumeId)).toBe(false);
    expect(await db.repositories.mappings.ofVolume(mapping.volumeId)).toBeUndefined();
    const history = await db.query<{ created_at: Date }>(
      'SELECT device_path, device_node, unmapped_because, created_at FROM device_mapping_history WHERE volume_uuid = ?',
      [mapping.volumeId],
    );
    expect(history).toEqual([
      {
        device_path: mapping.devicePath,
        device_node: mapping.deviceNode,
        unmapped_because: 'a test',
        created_at: new Date(before.outcome === 'conflict' ? '' : before.mapping.createdAt),
      },
    ]);
    expect(await map(mapping)).toMatchObject({ outcome: 'mapped' });
  });

  test('twice at the same time moves it once', async () => {
    const mapping = aMapping();
    await map(mapping);
    expect((await Promise.all([unmap(mapping.volumeId), unmap(mapping.volumeId)])).sort()).toEqual([false, true]);
    const history = await db.query('SELECT id FROM device_mapping_history WHERE volume_uuid = ?', [mapping.volumeId]);
    expect(history).toHaveLength(1);
  });
});

describe('rows that nothing of ours wrote', () => {
  test.each([
    ['a vm id that is no uuid', { vm_id: 'pgtest1' }, /vm_id/],
    ['a role of an older release', { role: 'oma' }, /role/],
    ['an empty device node', { device_node: '' }, /device_node/],
    ['a size below zero', { size_bytes: -1 }, /size_bytes/],
  ])('are refused by name: %s', async (_what, columns, problem) => {
    const mapping = aMapping();
    await map(mapping);
    await db.query('UPDATE device_mappings SET ? WHERE volume_uuid = ?', [columns, mapping.volumeId]);
    await expect(db.repositories.mappings.ofVolume(mapping.volumeId)).rejects.toMatchObject({
      name: 'UnreadableRowError',
      message: expect.stringMatching(problem),
    });
    await expect(db.repositories.mappings.ofVolume(mapping.volumeId)).rejects.toThrow(mapping.devicePath);
    await db.query('DELETE FROM device_mappings WHERE volume_uuid = ?', [mapping.volumeId]);
  });

  test('keep working with the device paths of the older system', async () => {
    const vmId = randomUUID();
    const old = aMapping({ vmId, devicePath: `remote-vm-${vmId}` });
    await map(old);
    await map(aMapping({ vmId, devicePath: `remote-vm-root-${vmId}` }));
    const fresh = aMapping({ vmId });
    expect(fresh.devicePath).toBe(devicePath(vmId, fresh.volumeId));
    await map(fresh);
    expect((await db.repositories.mappings.list({ vmId })).map((mapping) => mapping.devicePath)).toContain(
      old.devicePath,
    );
  });
});

describe('mappings on a failover VM', () => {
  test('have no device node, and several of one VM do not collide on it', async () => {
    const vmId = randomUUID();
    const disks = [1, 2, 4].map((cloudStackDeviceId) => {
      const { deviceNode, ...mapping } = aMapping({ vmId, role: 'live_data', cloudStackDeviceId });
      expect(deviceNode).toContain('virtio-');
      return mapping;
    });
    for (const disk of disks) {
      const mapped = await db.repositories.database.transaction((tx) => db.repositories.mappings.map(tx, disk));
      expect(mapped.outcome).toBe('mapped');
      const again = await db.repositories.database.transaction((tx) => db.repositories.mappings.map(tx, disk));
      expect(again.outcome).toBe('there');
    }
    const rows = await db.repositories.mappings.list({ vmId });
    expect(rows.map((row) => row.deviceNode)).toEqual([undefined, undefined, undefined]);
    expect(new Set(rows.map((row) => row.devicePath)).size).toBe(3);
  });

  test('are left alone by an undo of the VM before: an attempt that was held up comes too late', async () => {
    const [appliance, failoverVm] = [randomUUID(), randomUUID()];
    const before = aMapping({ vmId: appliance });
    const { volumeId } = before;
    const { deviceNode: _node, ...after } = aMapping({ vmId: failoverVm, volumeId, role: 'live_root' });
    const { database, mappings } = db.repositories;
    const unmapOn = (vmId: string) => database.transaction((tx) => mappings.unmap(tx, volumeId, 'a test', vmId));
    await map(before);
    expect(await unmapOn(failoverVm)).toBe(false);
    expect(await unmapOn(appliance)).toBe(true);
    await database.transaction((tx) => mappings.map(tx, after));
    expect(await unmapOn(appliance)).toBe(false);
    expect(await mappings.ofVolume(volumeId)).toMatchObject({ devicePath: after.devicePath });
    expect(await unmapOn(failoverVm)).toBe(true);
  });
});
