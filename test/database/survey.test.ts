import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { surveyDatabase } from '../../database/survey';
import { aFence, anOperation, claim } from './builders';
import { asServerRoot, type FreshDatabase, withFreshDatabase } from '../support/mariadb';

let db: FreshDatabase;

beforeAll(async () => {
  db = await withFreshDatabase();
});
afterAll(() => db.drop());
test('an untouched database: the schema is ours, every table is read, the clocks agree', async () => {
  const { schema, rows, unreadableRows, unreadableTables, clock } = await surveyDatabase({ url: db.url });
  expect({ schema, unreadableRows, unreadableTables }).toEqual({
    schema: undefined,
    unreadableRows: [],
    unreadableTables: [],
  });
  expect(Object.values(rows).flat()).toEqual([]);
  expect(Math.abs(Date.parse(clock.database) - Date.parse(clock.here))).toBeLessThan(30_000);
});

test('a failed operation is read until something later on its disk went well; what ended well long ago is not', async () => {
  const fence = aFence();
  await claim(db.repositories, fence);
  const { site, sourceId, sourceVmId } = fence;
  const record = async (state: 'done' | 'failed', diskKey: number): Promise<string> => {
    const row = anOperation({ site, sourceId, sourceVmId, diskKey });
    await db.repositories.database.fenced(fence, (tx) => db.repositories.operations.record(tx, row));
    await db.repositories.database.fenced(fence, (tx) => db.repositories.operations.finish(tx, row.id, { state }));
    return row.id;
  };
  const mended = await record('failed', 2000);
  const done = await record('done', 2000);
  const failed = await record('failed', 2001);
  await db.query('UPDATE volume_operations SET updated_at = updated_at - INTERVAL 2 DAY');
  const ids = (await surveyDatabase({ url: db.url })).rows.volume_operations.map(({ id }) => id);
  expect(ids).toEqual([failed]);
  expect(ids).not.toContain(mended);
  expect(ids).not.toContain(done);
  await db.query('DELETE FROM volume_operations');
});

test('an operation of the older installation is read until it is settled, or until one of ours on its volume went well', async () => {
  const fence = aFence();
  await claim(db.repositories, fence);
  const { site, sourceId, sourceVmId } = fence;
  const adopt = async (): Promise<{ id: string; volumeId: string }> => {
    const [id, volumeId] = [randomUUID(), randomUUID()];
    await db.query(
      `INSERT INTO adopted_operations (id, site, source_id, source_vm_id, adoption_id, kind, disk_key, volume_id, older_status, older_at)
       VALUES (?, ?, ?, ?, 'a', 'attach', 2001, ?, 'failed', '2025-09-28 10:15:00')`,
      [id, site, sourceId, sourceVmId, volumeId],
    );
    return { id, volumeId };
  };
  const read = async () => (await surveyDatabase({ url: db.url })).rows.adopted_operations;
  const { adoptedOperations, database, operations } = db.repositories;
  const [settled, over, failedAgain] = [await adopt(), await adopt(), await adopt()];
  expect(await read()).toHaveLength(3);
  expect((await read())[0]).toMatchObject({
    olderStatus: 'failed',
    olderAt: '2025-09-28T10:15:00.000Z',
    vmId: undefined,
  });
  for (const words of ['attached nowhere', 'later words']) {
    await database.fenced(fence, (tx) => adoptedOperations.settle(tx, settled.id, words));
  }
  expect((await adoptedOperations.get(settled.id))?.settledBecause).toBe('attached nowhere');
  for (const [{ volumeId }, state] of [[over, 'done'] as const, [failedAgain, 'failed'] as const]) {
    const row = anOperation({ site, sourceId, sourceVmId, diskKey: 2001, volumeId });
    await database.fenced(fence, (tx) => operations.record(tx, row));
    await database.fenced(fence, (tx) => operations.finish(tx, row.id, { state }));
  }
  expect((await read()).map(({ id }) => id)).toEqual([failedAgain.id]);
  await expect(database.fenced(fence, (tx) => adoptedOperations.settle(tx, 'nobody', 'x'))).rejects.toMatchObject({
    name: 'RowMissingError',
  });
  await db.query('DELETE FROM adopted_operations');
  await db.query('DELETE FROM volume_operations');
});

describe('what cannot be read does not keep the rest from being read', () => {
  const insertMapping = (path: string, size: number, role: string) =>
    db.query('INSERT INTO device_mappings (device_path, vm_id, volume_uuid, role, size_bytes) VALUES (?, ?, ?, ?, ?)', [
      path,
      randomUUID(),
      randomUUID(),
      role,
      size,
    ]);

  test('rows that make no sense are named, with what is wrong', async () => {
    await insertMapping('remote-vm-x', -5, 'replica');
    await insertMapping('remote-vm-y', 5, 'no role of ours');
    const { rows, unreadableRows } = await surveyDatabase({ url: db.url });
    expect(rows.device_mappings.map(({ devicePath }) => devicePath)).toEqual(['remote-vm-y']);
    expect(unreadableRows).toEqual([
      { table: 'device_mappings', key: expect.any(String), problem: expect.stringContaining('sizeBytes') },
    ]);
    await db.query('DELETE FROM device_mappings');
  });

  test('an account without rights on a table', async () => {
    const user = `s${randomUUID().slice(0, 8)}`;
    await asServerRoot(`CREATE USER '${user}'@'%' IDENTIFIED BY 'p'`);
    try {
      for (const table of ['device_mappings', 'diskferry_migrations']) {
        await asServerRoot(`GRANT SELECT ON ${db.name}.${table} TO '${user}'@'%'`);
      }
      const url = new URL(db.url);
      url.username = user;
      url.password = 'p';
      const { rows, unreadableTables, schema } = await surveyDatabase({ url: url.href });
      expect(rows.device_mappings).toEqual([]);
      expect(unreadableTables.map(({ table }) => table)).toContain('volumes');
      expect(unreadableTables.map(({ table }) => table)).not.toContain('device_mappings');
      expect(unreadableTables[0]?.cause).toMatch(/denied/);
      expect(schema?.problem).toBe('differs');
    } finally {
      await asServerRoot(`DROP USER '${user}'@'%'`);
    }
  });

  test('a half-migrated schema: the missing tables are named, and so is the schema', async () => {
    const half = await withFreshDatabase();
    try {
      await half.query('DROP TABLE failovers');
      await half.query("DELETE FROM diskferry_migrations WHERE name >= '0010'");
      const { schema, unreadableTables, rows } = await surveyDatabase({ url: half.url });
      expect(schema?.problem).toBe('pending');
      expect(unreadableTables.map(({ table }) => table)).toEqual(['failovers']);
      expect(rows.volumes).toEqual([]);
    } finally {
      await half.drop();
    }
  });

  test('a database that does not answer is an error that names it', async () => {
    const away = new URL(db.url);
    away.port = '1';
    await expect(surveyDatabase({ url: away.href })).rejects.toThrow(/127\.0\.0\.1:1.*unreachable/);
  });
});
