import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { adoptCopy, adoptInPlace, assessOlder, assessWriters } from '../../database/adopt/adopt';
import type { AdoptionPlan, AdoptionTerms, ListedVolume } from '../../database/adopt/adoption-plan';
import type { OlderInstallation } from '../../database/adopt/older-rows';
import { planAdoption } from '../../database/adopt/plan-adoption';
import { rewritePaths } from '../../database/adopt/rewrite-paths';
import { planUndo, undoAdoption } from '../../database/adopt/undo-adoption';
import { backUp } from '../../database/backup/back-up';
import { readBackup } from '../../database/backup/read-backup';
import { checkSchema, migrate } from '../../database/migrate';
import { parseDatabaseUrl } from '../../database/database-url';
import { openDatabase } from '../../database/open';
import { lockSchema, withSchemaConnection } from '../../database/schema-connection';
import { surveyDatabase } from '../../database/survey';
import { devicePath } from '../../domain/device-path';
import { type FreshDatabase, asServerRoot, withFreshDatabase } from '../support/mariadb';
import { byIdPath, type OlderAge, makeOlderInstallation, older, singleDiskPath } from '../support/older-installation';
import { aFence, aVolume, claim } from './builders';

let folder = '';
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'diskferry-adopt-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let db: FreshDatabase;
beforeEach(async () => {
  db = await withFreshDatabase({ migrated: false });
});
afterEach(() => db.drop());

const newFile = (): string => path.join(folder, `${String((count += 1))}.jsonl.gz`);
const terms: AdoptionTerms = {
  appliances: new Map([[older.appliance, 'qc']]),
  sources: new Map([[older.host, 'vcenter-qc']]),
  leaveOut: new Set(),
  rewritePaths: false,
  listed: undefined,
};
const listed = (volumes: Record<string, Partial<ListedVolume>>): AdoptionTerms => ({
  ...terms,
  listed: new Map(
    Object.entries(volumes).map(([id, volume]) => [id, { name: 'as listed', sizeBytes: 107 * 2 ** 30, ...volume }]),
  ),
});
const planner =
  (given: AdoptionTerms = terms) =>
  (installation: OlderInstallation): AdoptionPlan => {
    const plan = planAdoption(installation, given);
    const blocking = plan.findings.filter(({ severity }) => severity === 'blocks');
    if (blocking.length > 0) throw new Error(`blocked: ${blocking.map(({ what }) => what).join('; ')}`);
    return plan;
  };
const here = () => ({ url: db.url });
/** What an administrator of the adoption has: all on the database, and the sight of grants and connections. */
const adopter = () => {
  const url = new URL(db.url);
  url.username = 'adopter';
  url.password = 'adopts';
  return { url: url.href };
};
beforeAll(() =>
  asServerRoot(
    "CREATE USER adopter@'%' IDENTIFIED BY 'adopts'",
    'GRANT ALL ON `diskferry%`.* TO adopter',
    'GRANT SELECT ON mysql.* TO adopter',
    'GRANT PROCESS ON *.* TO adopter',
  ),
);
afterAll(() => asServerRoot('DROP USER adopter'));
/** From outside of the database, so that nobody counts as connected to it. */
const leave = () => db.query('USE information_schema');
const enter = () => db.query(`USE ${db.name}`);

async function adoptHere(given: AdoptionTerms = terms): Promise<AdoptionPlan> {
  await leave();
  try {
    return await adoptInPlace(adopter(), here(), { backup: newFile(), plan: planner(given) });
  } finally {
    await enter();
  }
}

/** All there is: definitions and rows of every table, but for counters. */
async function everything(): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const row of await db.query<Record<string, string>>('SHOW TABLES')) {
    const table = Object.values(row)[0]!;
    const [shown] = await db.query<Record<string, string>>(`SHOW CREATE TABLE ${table}`);
    const definition = shown!
      ['Create Table']!.replace(/ AUTO_INCREMENT=\d+/, '')
      .split('\n')
      .map((line) => line.replace(/,$/, ''));
    found[table] = { definition: definition.sort(), rows: await db.query(`SELECT * FROM ${table} ORDER BY 1`) };
  }
  return found;
}

const adoptedOperations = (where: Pick<FreshDatabase, 'query'>) =>
  where.query('SELECT id, kind, disk_key, older_status, error FROM adopted_operations ORDER BY disk_key');
const kinds = (plan: AdoptionPlan): string[] => plan.findings.map(({ kind, severity }) => `${severity} ${kind}`).sort();

describe('an assessment', () => {
  test.each<[OlderAge, string[]]>([
    ['first-schema', ['note failed-operation', 'warning stuck-operation']],
    [
      'no-unique-key',
      [
        'blocks duplicate-path',
        'note exports',
        'note failed-operation',
        'warning stuck-job',
        'warning stuck-operation',
      ],
    ],
    ['shipped', ['note exports', 'note failed-operation', 'warning stuck-job', 'warning stuck-operation']],
  ])('of %s names what it found and changes nothing', async (age, expected) => {
    await makeOlderInstallation(db, age);
    const before = await everything();
    const { older: found } = await assessOlder(here());
    const plan = planAdoption(found, terms);
    expect(kinds(plan)).toEqual(expected);
    const unsaid = kinds(planAdoption(found, { ...terms, sources: new Map() }));
    expect(unsaid.includes('warning source-by-host')).toBe(plan.disks.length > 0);
    expect(plan.findings.find(({ kind }) => kind === 'failed-operation')?.what).toContain(older.failedOperation);
    expect(await everything()).toEqual(before);
  });

  test('asks CloudStack where the volumes are', async () => {
    await makeOlderInstallation(db, 'shipped');
    const { older: found } = await assessOlder(here());
    const there = planAdoption(
      found,
      listed({ [older.root]: { vmId: older.appliance, deviceId: 3 }, [older.data]: {} }),
    );
    expect(there.mappings).toMatchObject([
      { cloudStackDeviceId: 3, sizeBytes: 107 * 2 ** 30, devicePath: singleDiskPath },
    ]);
    expect(kinds(there)).not.toContain('warning not-mapped');
    const both = { [older.root]: { vmId: older.appliance }, [older.data]: { vmId: older.appliance } };
    expect(planAdoption(found, listed(both)).findings).toContainEqual({
      kind: 'not-mapped',
      severity: 'warning',
      what: `disk-2001 of VM pgtest1: volume ${older.data} is attached to VM ${older.appliance}, but no mapping says so; look with diskferry doctor afterwards`,
    });
    const detached = planAdoption(found, listed({ [older.root]: {} }));
    expect(detached.mappings).toEqual([]);
    expect(detached.past).toMatchObject([{ because: 'CloudStack says it is attached nowhere' }]);
    expect(kinds(detached)).toEqual(expect.arrayContaining(['warning not-attached-there', 'warning volume-gone']));
    expect(detached.disks.map(({ diskKey }) => diskKey)).toEqual([2000]);
  });

  test.each<[string, string[], RegExp]>([
    [
      'a path of nonsense',
      ["UPDATE device_mappings SET device_path = 'banana'"],
      /device_mappings, row m-1: device_path/,
    ],
    [
      'a volume that is no uuid',
      ['SET foreign_key_checks=0', "UPDATE device_mappings SET volume_uuid = 'vol-7'"],
      /row m-1: volume_uuid/,
    ],
    ['a disk without a key', ["UPDATE vm_disks SET disk_id = 'scsi0:0' WHERE id = 790"], /vm_disks, row 790: disk_id/],
  ])('blocks on %s, by name, until it is left out', async (_what, statements, words) => {
    await makeOlderInstallation(db, 'shipped');
    for (const statement of statements) await db.query(statement);
    const before = await everything();
    await expect(adoptHere()).rejects.toThrow(words);
    expect(await everything()).toEqual(before);
    const leaveOut = new Set(['m-1', '790', older.context]);
    expect(kinds(planAdoption((await assessOlder(here())).older, { ...terms, leaveOut }))).not.toContainEqual(
      expect.stringMatching(/^blocks/),
    );
  });

  test('a by-id link is kept as device node only where it ends in the serial of its own volume', async () => {
    await makeOlderInstallation(db, 'shipped');
    const nodeOf = async (link: string) => {
      await db.query('UPDATE device_mappings SET device_path = ?', [link]);
      const plan = planAdoption((await assessOlder(here())).older, terms);
      const wrong = plan.findings.filter(({ kind }) => kind === 'wrong-device').map(({ what }) => what);
      return { node: plan.mappings[0]?.deviceNode, path: plan.mappings[0]?.devicePath, wrong };
    };
    expect(await nodeOf(byIdPath)).toEqual({ node: byIdPath, path: byIdPath, wrong: [] });
    expect(await nodeOf('/dev/vdb')).toEqual({ node: null, path: '/dev/vdb', wrong: [] });
    const anothers = '/dev/disk/by-id/virtio-3106013ae175423ea090';
    expect(await nodeOf(anothers)).toEqual({
      node: null,
      path: anothers,
      wrong: [
        `volume ${older.root} is recorded as ${anothers}, which is not the link of its serial; its device is proven at the next replication`,
      ],
    });
  });

  const SECOND = '259498e5-f27f-428e-8884-6f1d0c2b7a90';
  const FAILOVER_VM = 'de2ee31f-345a-4371-ab7e-da196c40a933';
  /** pgtest2, failed over: its disk on the failover VM, mapped by a row that names no VM, beside a root of that VM. */
  async function failOverSecond(status: string): Promise<void> {
    for (const statement of [
      `INSERT INTO vm_replication_contexts (context_id, vm_name, vmware_vm_id, vcenter_host, current_status)
         VALUES ('ctx-pgtest2', 'pgtest2', '4205784a-098a-40f1-1f1e-a5cd2597fd59', '${older.host}', '${status}')`,
      `INSERT INTO ossea_volumes (id, volume_id, volume_name, size_gb) VALUES (210, '${SECOND}', 'migration-pgtest2', 10)`,
      `INSERT INTO vm_disks (id, vm_context_id, disk_id, ossea_volume_id) VALUES (810, 'ctx-pgtest2', 'disk-2000', 210)`,
      `INSERT INTO device_mappings (id, volume_uuid, vm_id, device_path) VALUES
         ('m-8', '${SECOND}', '${FAILOVER_VM}', 'remote-vm-root-${FAILOVER_VM}'),
         ('m-9', '0d5c1f5e-3b1a-4c7e-9d2f-6a7b8c9d0e1f', '${FAILOVER_VM}', 'remote-vm-${FAILOVER_VM}')`,
      `INSERT INTO volume_operations (id, type, status, volume_id, request) VALUES ('op-2', 'attach', 'failed', '${SECOND}', '{}')`,
    ]) {
      await db.query(statement);
    }
  }

  test.each(['failed_over_live', 'failed_over_test', 'cleanup_required'])(
    'leaves a VM that is %s behind, never half, and goes on with the others',
    async (status) => {
      await makeOlderInstallation(db, 'shipped');
      await failOverSecond(status);
      const plan = await adoptHere();
      expect(plan.findings.filter(({ kind }) => kind === 'failed-over')).toEqual([
        {
          kind: 'failed-over',
          severity: 'warning',
          what: `VM pgtest2 (ctx-pgtest2) is ${status}: it stays behind whole, with its volumes ${SECOND}; to take it too, bring it back with the older system first`,
        },
      ]);
      expect(kinds(plan)).not.toContain('warning not-an-appliance');
      for (const table of ['volumes', 'vm_disks', 'adopted_operations']) {
        const rows = await db.query<{ volume_id: string }>(
          `SELECT DISTINCT volume_id FROM ${table} ORDER BY volume_id`,
        );
        expect(rows.map((row) => row.volume_id)).toEqual([older.data, older.root]);
      }
      expect(await db.query('SELECT volume_uuid FROM device_mappings')).toEqual([{ volume_uuid: older.root }]);
      const { leftBehind } = (await planUndo(here())).record.details;
      expect(leftBehind).toMatchObject([{ vmName: 'pgtest2', status, volumes: [SECOND] }]);
      expect((await surveyDatabase({ url: db.url })).adoption).toMatchObject({ state: 'done', leftBehind });
    },
  );

  test('blocks where a failed over VM and another share a volume: the other would be taken half', async () => {
    await makeOlderInstallation(db, 'shipped');
    await failOverSecond('failed_over_live');
    await db.query('UPDATE vm_disks SET ossea_volume_id = 210 WHERE id = 791');
    const before = await everything();
    await expect(adoptHere()).rejects.toThrow(
      /volume .* is a disk of VM pgtest2, which is failed over, and of another VM/,
    );
    expect(await everything()).toEqual(before);
  });

  test('a VM that is left out by name takes mappings along whose row names no VM', async () => {
    await makeOlderInstallation(db, 'shipped');
    await failOverSecond('ready_for_failover');
    const plan = planAdoption((await assessOlder(here())).older, { ...terms, leaveOut: new Set(['ctx-pgtest2']) });
    expect(plan.mappings.map(({ volumeId }) => volumeId)).toEqual([older.root]);
    expect(plan.leftBehind).toEqual([]);
  });

  test.each<[string, string[], RegExp]>([
    ['is empty', [], /there is no table device_mappings; there is no table volume_operations/],
    [
      'is half there',
      [
        'CREATE TABLE device_mappings (id INT, vm_id INT)',
        'CREATE TABLE volume_operations (id INT, type INT, status INT)',
      ],
      /device_mappings has no column device_path; device_mappings has neither volume_uuid nor volume_id/,
    ],
    ['is ours', ['CREATE TABLE diskferry_migrations (name INT)'], /of Diskferry already/],
  ])('is refused of a database that %s', async (_what, statements, words) => {
    for (const statement of statements) await db.query(statement);
    await expect(assessOlder(here())).rejects.toMatchObject({
      problem: 'not-older',
      message: expect.stringMatching(words),
    });
  });
});

describe('in place', () => {
  test.each<OlderAge>(['first-schema', 'shipped'])(
    '%s is adopted, and the way back gives everything back',
    async (age) => {
      await makeOlderInstallation(db, age);
      const before = await everything();
      const plan = await adoptHere();
      await checkSchema(db.url);
      const [path_] = await db.query<{ device_path: string; device_node: null; role: string }>(
        'SELECT * FROM device_mappings',
      );
      expect(path_).toMatchObject({
        device_path: age === 'shipped' ? singleDiskPath : '/dev/vdb',
        device_node: null,
        role: 'replica',
      });
      expect(plan.disks.map(({ site, sourceId, diskKey, boot }) => ({ site, sourceId, diskKey, boot }))).toEqual(
        age === 'first-schema'
          ? []
          : [
              { site: 'qc', sourceId: 'vcenter-qc', diskKey: 2000, boot: true },
              { site: 'qc', sourceId: 'vcenter-qc', diskKey: 2001, boot: false },
            ],
      );
      // In a table of their own: no step may take them for operations of ours.
      expect(await db.query('SELECT 1 FROM volume_operations')).toEqual([]);
      expect(await adoptedOperations(db)).toEqual(
        age === 'first-schema'
          ? []
          : [
              { id: older.stuckOperation, kind: 'detach', disk_key: 2000, older_status: 'executing', error: null },
              {
                ...{ id: older.failedOperation, kind: 'attach', disk_key: 2001, older_status: 'failed' },
                error: `Error 1062: Duplicate entry '${singleDiskPath}' for key 'unique_device_path'`,
              },
            ],
      );
      // A delete in a table that stayed takes neither our rows along nor those of the way back.
      if (age === 'shipped') {
        expect(
          await db.query(
            "SELECT 1 FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE() AND DELETE_RULE = 'CASCADE'",
          ),
        ).toEqual([]);
      }
      const { details } = (await planUndo(here())).record;
      expect((await readBackup(details.backup)).header.subject).toBe('older-installation');

      await leave();
      const ours = newFile();
      await undoAdoption(here(), ours);
      await enter();
      expect(await everything()).toEqual(before);
      expect((await readBackup(ours)).header.subject).toBe('diskferry');
    },
  );

  test('an operation after which another on its volume went well is named, and not adopted', async () => {
    await makeOlderInstallation(db, 'shipped');
    const later = (id: string, volumeId: string, status: string, created: string): Promise<unknown> =>
      db.query(
        `INSERT INTO volume_operations (id, type, status, volume_id, request, created_at) VALUES (?, 'attach', ?, ?, '{}', ?)`,
        [id, status, volumeId, created],
      );
    await db.query("UPDATE volume_operations SET created_at = '2025-09-28 10:15:00'");
    await later('later-1', older.data, 'completed', '2025-09-28 10:20:00');
    await later('later-2', older.root, 'completed', '2025-09-28 10:10:00');
    const plan = await adoptHere();
    expect(plan.findings.find(({ kind }) => kind === 'failed-operation')?.what).toMatch(
      /; a later one on it went well$/,
    );
    expect(plan.operations).toMatchObject([{ id: older.stuckOperation, at: '2025-09-28T10:15:00.000Z' }]);
    expect((await adoptedOperations(db)).map((row) => (row as { id: string }).id)).toEqual([older.stuckOperation]);
  });

  test('duplicates of the old pattern are adopted only with rewritten paths, and may be put back where keys allow it', async () => {
    await makeOlderInstallation(db, 'no-unique-key');
    await expect(adoptHere()).rejects.toThrow(`device path ${singleDiskPath} stands for 2 volumes`);
    await adoptHere({ ...terms, rewritePaths: true });
    expect(await db.query('SELECT device_path FROM device_mappings ORDER BY id')).toEqual([
      { device_path: devicePath(older.appliance, older.root) },
      { device_path: devicePath(older.appliance, older.data) },
    ]);
    await expect(rewritePaths(here(), { undo: true, apply: true })).rejects.toMatchObject({ problem: 'unproven' });
    expect(await db.query('SELECT 1 FROM device_mappings WHERE device_path = ?', [singleDiskPath])).toEqual([]);
  });

  test('paths are rewritten and put back by themselves', async () => {
    await makeOlderInstallation(db, 'shipped');
    await adoptHere();
    const change = {
      volumeId: older.root,
      vmId: older.appliance,
      from: singleDiskPath,
      to: devicePath(older.appliance, older.root),
    };
    const paths = () => db.query('SELECT device_path FROM device_mappings');
    expect(await rewritePaths(here(), { undo: false, apply: false })).toEqual([change]);
    expect(await paths()).toEqual([{ device_path: change.from }]);
    await rewritePaths(here(), { undo: false, apply: true });
    expect(await paths()).toEqual([{ device_path: change.to }]);
    await rewritePaths(here(), { undo: true, apply: true });
    expect(await paths()).toEqual([{ device_path: change.from }]);
  });

  test('is refused while the account of the older daemon may write, with the REVOKE that ends it', async () => {
    await makeOlderInstallation(db, 'shipped');
    const before = await everything();
    const daemon = `'oma_${db.name.slice(-12)}'@'localhost'`;
    try {
      await asServerRoot(
        `CREATE USER ${daemon} IDENTIFIED BY 'x'`,
        `GRANT SELECT, INSERT, UPDATE ON ${db.name}.* TO ${daemon}`,
      );
      await enter();
      const refused = await adoptHere().catch((error: unknown) => error as Error);
      expect(refused).toMatchObject({ problem: 'writers' });
      const revoke = `REVOKE INSERT, UPDATE ON \`${db.name}\`.* FROM ${daemon};`;
      expect((refused as Error).message).toContain(revoke);
      expect(await everything()).toEqual(before);
      await asServerRoot(revoke);
      expect(await assessWriters(adopter(), here())).toEqual([]);
      await adoptHere();
    } finally {
      await asServerRoot(`DROP USER IF EXISTS ${daemon}`);
    }
  });

  test('is refused to an account that may not see the grants, and while anybody is connected', async () => {
    await makeOlderInstallation(db, 'shipped');
    const before = await everything();
    await expect(adoptInPlace(adopter(), here(), { backup: newFile(), plan: planner() })).rejects.toMatchObject({
      name: 'NotQuietError',
    });
    const blind = `'blind_${db.name.slice(-12)}'@'%'`;
    await asServerRoot(`CREATE USER ${blind} IDENTIFIED BY 'x'`, `GRANT ALL PRIVILEGES ON ${db.name}.* TO ${blind}`);
    try {
      const url = new URL(db.url);
      url.username = blind.split("'")[1]!;
      url.password = 'x';
      await expect(
        adoptInPlace({ url: url.href }, here(), { backup: newFile(), plan: planner() }),
      ).rejects.toMatchObject({
        problem: 'rights',
        message: expect.stringContaining(`GRANT SELECT ON mysql.* TO ${blind};`),
      });
    } finally {
      await asServerRoot(`DROP USER ${blind}`);
    }
    expect(await everything()).toEqual(before);
  });

  test.each(['putting the older tables aside', 'making the tables', 'writing the rows'])(
    'goes back from where it was cut off: before %s',
    async (cut) => {
      await makeOlderInstallation(db, 'shipped');
      const before = await everything();
      await leave();
      const cutOff = new Error('cut off');
      const adopting = adoptInPlace(adopter(), here(), {
        backup: newFile(),
        plan: planner(),
        onStep: (step) => {
          if (step === cut) throw cutOff;
        },
      });
      await expect(adopting).rejects.toBe(cutOff);
      await expect(assessOlder(here())).rejects.toMatchObject({ problem: 'state' });
      const sight = async () => (await surveyDatabase({ url: db.url })).adoption;
      expect(await sight()).toMatchObject({ state: 'begun', atWork: false });
      const address = parseDatabaseUrl(db.url);
      await withSchemaConnection(address, async (connection) => {
        await lockSchema(connection, address, 1);
        expect(await sight()).toMatchObject({ state: 'begun', atWork: true });
      });
      // Nothing begins to work on tables that lack their rows: the way back would drop what it wrote.
      const refused = { problem: 'adopting', message: expect.stringMatching(/--undo/) };
      await expect(migrate(db.url)).rejects.toMatchObject(refused);
      await expect(checkSchema(db.url)).rejects.toMatchObject(refused);
      await expect(backUp(db.url, newFile())).rejects.toMatchObject(refused);
      await undoAdoption(here(), newFile());
      await enter();
      expect(await everything()).toEqual(before);
    },
  );

  test('touches no table of the name under which another would be put aside', async () => {
    await makeOlderInstallation(db, 'shipped');
    await db.query('CREATE TABLE older_vm_disks (id INT)');
    const before = await everything();
    await expect(adoptHere()).rejects.toMatchObject({
      problem: 'state',
      message: expect.stringContaining('older_vm_disks'),
    });
    expect(await everything()).toEqual(before);
  });
});

describe('from another database', () => {
  let ours: FreshDatabase;
  beforeEach(async () => {
    ours = await withFreshDatabase();
    await makeOlderInstallation(db, 'shipped');
  });
  afterEach(() => ours.drop());

  test('rows are copied, the other database is only read, and the way back removes exactly them', async () => {
    const before = await everything();
    const fence = aFence();
    await claim(ours.repositories, fence);
    const mine = aVolume(fence);
    await ours.repositories.database.fenced(fence, (tx) => ours.repositories.volumes.add(tx, mine));
    await ours.query('UPDATE vm_claims SET run_id = NULL');
    const backup = newFile();
    await adoptCopy(here(), ours, { backup, plan: planner() });
    expect(await everything()).toEqual(before);
    expect((await stat(backup)).size).toBeGreaterThan(0);
    expect(await ours.query('SELECT volume_id FROM volumes')).toHaveLength(3);
    expect(await adoptedOperations(ours)).toHaveLength(2);
    await expect(adoptCopy(here(), ours, { backup: newFile(), plan: planner() })).rejects.toMatchObject({
      problem: 'state',
    });

    await ours.repositories.database.close();
    await ours.query('USE information_schema');
    await undoAdoption(ours, newFile());
    await ours.query(`USE ${ours.name}`);
    expect(await ours.query('SELECT volume_id FROM volumes')).toEqual([{ volume_id: mine.volumeId }]);
    expect(await ours.query('SELECT * FROM device_mappings')).toEqual([]);
    expect(await ours.query('SELECT * FROM vm_disks')).toEqual([]);
    expect(await adoptedOperations(ours)).toEqual([]);
  });

  test('a mapping that a repair made of an adopted volume keeps the rows from being taken away under it', async () => {
    await adoptCopy(here(), ours, { backup: newFile(), plan: planner() });
    await ours.query(
      'INSERT INTO device_mappings (device_path, vm_id, volume_uuid, role, size_bytes, mapped_by_first_run_id) VALUES (?, ?, ?, ?, ?, ?)',
      [devicePath(older.appliance, older.data), older.appliance, older.data, 'replica', 1, 'a-repair'],
    );
    expect((await planUndo(ours)).used).toEqual([older.data]);
    await ours.repositories.database.close();
    await ours.query('USE information_schema');
    await expect(undoAdoption(ours, newFile())).rejects.toMatchObject({ problem: 'used' });
    await ours.query(`USE ${ours.name}`);
    expect(await ours.query('SELECT * FROM vm_disks')).toHaveLength(2);
  });

  test('a row that ours has already takes everything back', async () => {
    await ours.query("INSERT INTO vm_disks VALUES ('qc', 'vcenter-qc', ?, 2001, 'another-volume', NULL, FALSE)", [
      older.vm,
    ]);
    await expect(adoptCopy(here(), ours, { backup: newFile(), plan: planner() })).rejects.toMatchObject({
      problem: 'unproven',
      message: expect.stringContaining('Duplicate entry'),
    });
    expect(await ours.query('SELECT * FROM device_mappings')).toEqual([]);
    expect(await ours.query('SELECT * FROM volumes')).toEqual([]);
  });
});

describe('an adopted mapping', () => {
  test('is found, proven and unmapped by the steps', async () => {
    const olderPath = singleDiskPath;
    await makeOlderInstallation(db, 'shipped');
    await adoptHere();
    const repositories = openDatabase({ url: db.url });
    try {
      const place = {
        devicePath: devicePath(older.appliance, older.root),
        vmId: older.appliance,
        volumeId: older.root,
        deviceNode: '/dev/disk/by-id/virtio-b3bb93101b594f6297e8',
        cloudStackDeviceId: 1,
        role: 'replica',
        sizeBytes: 107 * 2 ** 30,
        ownerWorkflowId: 'replicate-vm/qc/vcenter-qc/x',
        mappedByFirstRunId: 'run-1',
      } as const;
      const map = (mapping: Parameters<typeof repositories.mappings.map>[1]) =>
        repositories.database.transaction((tx) => repositories.mappings.map(tx, mapping));
      // What a failover plan reads: one boot disk, volumes with data, none of it verified.
      const vm = { site: 'qc', sourceId: 'vcenter-qc', sourceVmId: older.vm };
      expect((await repositories.disks.ofVm(vm)).map(({ diskKey, boot }) => [diskKey, boot])).toEqual([
        [2000, true],
        [2001, false],
      ]);
      // by its bare id, though no run of it is known
      expect(await repositories.disks.vmsOf(older.vm)).toEqual([vm]);
      expect(await repositories.disks.vmsOf('nobody')).toEqual([]);
      const volume = await repositories.volumes.get(older.root);
      expect(volume).toMatchObject({
        copyBegun: true,
        sizeBytes: 107 * 2 ** 30,
        createdByWorkflowId: 'older-installation',
      });
      expect(volume?.verifiedAt).toBeUndefined();
      expect(await repositories.mappings.list()).toMatchObject([{ devicePath: olderPath, sizeBytes: 107 * 2 ** 30 }]);

      const found = await map(place);
      expect(found).toMatchObject({
        outcome: 'there',
        mapping: { devicePath: olderPath, deviceNode: place.deviceNode, cloudStackDeviceId: 1 },
      });
      expect(await repositories.mappings.ofVolume(older.root)).toMatchObject({
        devicePath: olderPath,
        deviceNode: place.deviceNode,
      });
      // Another volume may have neither its node nor, on its VM, another role of it.
      expect(
        await map({ ...place, volumeId: older.data, devicePath: devicePath(older.appliance, older.data) }),
      ).toMatchObject({ outcome: 'conflict' });
      expect(await map({ ...place, role: 'live_root' })).toMatchObject({ outcome: 'conflict' });

      const unmap = () =>
        repositories.database.transaction((tx) =>
          repositories.mappings.unmap(tx, older.root, 'released', older.appliance),
        );
      expect(await unmap()).toBe(true);
      expect(await map(place)).toMatchObject({ outcome: 'mapped', mapping: { devicePath: place.devicePath } });
      expect(await repositories.mappingHistory.ofVolume(older.root)).toMatchObject([
        { devicePath: olderPath },
        { devicePath: place.devicePath },
      ]);
    } finally {
      await repositories.database.close();
    }
  });
});
