import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { checkSchema, migrate } from '../../database/migrate';
import { migrations } from '../../database/migrations/list';
import { tableNames } from '../../database/schema';
import { type FreshDatabase, withFreshDatabase } from '../support/mariadb';

let db: FreshDatabase;

beforeEach(async () => {
  db = await withFreshDatabase({ migrated: false });
});

afterEach(async () => {
  await db.drop();
});

const names = migrations.map((migration) => migration.name);

describe('migrate', () => {
  test('makes every table, and nothing the second time', async () => {
    const events: string[] = [];
    const first = await migrate(db.url, { onProgress: (event) => events.push(`${event.migration} ${event.state}`) });
    expect(first.applied).toEqual(names);
    expect(events).toEqual(names.flatMap((name) => [`${name} started`, `${name} applied`]));
    const tables = await db.query<{ name: string; engine: string }>(
      'SELECT TABLE_NAME AS name, ENGINE AS engine FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()',
    );
    expect(tables.map((table) => table.name).sort()).toEqual([...tableNames, 'diskferry_migrations'].sort());
    expect(new Set(tables.map((table) => table.engine))).toEqual(new Set(['InnoDB']));

    expect(await migrate(db.url)).toEqual({ applied: [], fingerprint: first.fingerprint });
    expect(await checkSchema(db.url)).toEqual({ fingerprint: first.fingerprint });
  });

  test('runs once when two start at the same time', async () => {
    const results = await Promise.all([migrate(db.url), migrate(db.url)]);
    expect(results.flatMap((result) => result.applied)).toEqual(names);
  });

  test('does not go on without the lock', async () => {
    const other = await db.connect();
    await other.query("DO GET_LOCK(CONCAT('diskferry-migrate-', LEFT(SHA2(DATABASE(), 256), 32)), 0)");
    await expect(migrate(db.url, { lockTimeoutSeconds: 0 })).rejects.toMatchObject({ problem: 'locked' });
    expect(await db.query('SHOW TABLES')).toEqual([]);
    await other.end();
    expect((await migrate(db.url)).applied).toEqual(names);
  });

  test('goes on where it was cut off', async () => {
    await migrate(db.url);
    // As if the process had died between the two tables of this migration, before any later one.
    const rest = names.slice(names.indexOf('0006-appliance-slots'));
    await db.query("DELETE FROM diskferry_migrations WHERE name >= '0007'");
    await db.query("UPDATE diskferry_migrations SET applied_at = NULL, fingerprint = '' WHERE name LIKE '0006%'");
    await db.query('DROP TABLE replication_jobs');
    await db.query('DROP TABLE appliance_slot_locks');
    await expect(checkSchema(db.url)).rejects.toMatchObject({
      problem: 'pending',
      details: rest,
    });
    expect((await migrate(db.url)).applied).toEqual(rest);
    await checkSchema(db.url);
  });

  test('leaves the tables of an older installation alone', async () => {
    await db.query('CREATE TABLE device_mappings (id VARCHAR(64) PRIMARY KEY, device_path VARCHAR(32))');
    const refusal = { problem: 'foreign', details: ['device_mappings'] };
    await expect(migrate(db.url)).rejects.toMatchObject(refusal);
    await expect(checkSchema(db.url)).rejects.toMatchObject(refusal);
    expect(await db.query('SHOW TABLES')).toHaveLength(1);
  });
});

describe('a schema that is not the one of the last migration', () => {
  test('is missing', async () => {
    await expect(checkSchema(db.url)).rejects.toMatchObject({ problem: 'missing' });
  });

  test('is of a newer release', async () => {
    await migrate(db.url);
    await db.query(
      "INSERT INTO diskferry_migrations VALUES ('9999-later', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), 'x', 'x')",
    );
    const refusal = { problem: 'unknown', details: ['9999-later'] };
    await expect(checkSchema(db.url)).rejects.toMatchObject(refusal);
    await expect(migrate(db.url)).rejects.toMatchObject(refusal);
  });

  test.each([
    ['the unique key is gone', 'ALTER TABLE device_mappings DROP KEY unique_device_path', 'unique_device_path'],
    [
      'the unique key became a plain one',
      'ALTER TABLE device_mappings DROP KEY unique_device_path, ADD KEY unique_device_path (device_path)',
      'index device_mappings.unique_device_path device_path',
    ],
    ['a column is narrower', 'ALTER TABLE device_mappings MODIFY device_path VARCHAR(64) NOT NULL', 'varchar(64)'],
    ['a column was added', 'ALTER TABLE volumes ADD COLUMN note TEXT NULL', 'volumes.note'],
    ['a table is gone', 'DROP TABLE appliance_slot_locks', 'table appliance_slot_locks'],
    ['the engine is another', 'ALTER TABLE copy_windows ENGINE=Aria', 'Aria'],
    [
      'the generated column computes something else',
      `ALTER TABLE volume_operations DROP KEY unique_active_volume, DROP COLUMN active_volume_id,
         ADD COLUMN active_volume_id VARCHAR(64) GENERATED ALWAYS AS (CASE WHEN state = 'done' THEN volume_id END) STORED,
         ADD UNIQUE KEY unique_active_volume (active_volume_id)`,
      'active_volume_id',
    ],
    ['there is a trigger', 'CREATE TRIGGER t BEFORE INSERT ON volumes FOR EACH ROW SET NEW.generation = 7', 'trigger'],
  ])('is refused when %s', async (_what, statement, shown) => {
    await migrate(db.url);
    await db.query(statement);
    await expect(checkSchema(db.url)).rejects.toThrow(shown);
    await expect(checkSchema(db.url)).rejects.toMatchObject({ name: 'SchemaError', problem: 'differs' });
    await expect(migrate(db.url)).rejects.toMatchObject({ problem: 'differs' });
  });

  test('may have tables of others beside ours', async () => {
    await migrate(db.url);
    await db.query('CREATE TABLE reports (id INT)');
    await checkSchema(db.url);
  });
});
