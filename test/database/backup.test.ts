import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { backUp } from '../../database/backup/back-up';
import { readBackup } from '../../database/backup/read-backup';
import { planRestore, restore } from '../../database/backup/restore';
import { ClaimLostError } from '../../database/fence';
import { migrate } from '../../database/migrate';
import { type Repositories, openDatabase } from '../../database/open';
import { tableNames } from '../../database/schema';
import { type FreshDatabase, asServerRoot, withFreshDatabase } from '../support/mariadb';
import { aFence, aMapping, aVolume, anOperation, claim } from './builders';
import { untilRunning } from './until-running';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'diskferry-backup-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The test's own connection works from outside of the database, so that a restore does not take it for a worker's. */
let outside: FreshDatabase;
let db: Pick<FreshDatabase, 'url' | 'name' | 'query' | 'connect' | 'drop'>;
let count = 0;
let file = '';
beforeAll(async () => {
  outside = await withFreshDatabase();
  await outside.query('USE information_schema');
  db = {
    ...outside,
    async query<T = Record<string, unknown>>(statement: string, values: unknown[] = []): Promise<T[]> {
      await outside.query(`USE ${outside.name}`);
      try {
        return await outside.query<T>(statement, values);
      } finally {
        await outside.query('USE information_schema');
      }
    },
  };
});
afterAll(() => outside.drop());
beforeEach(async () => {
  for (const table of tableNames) await db.query(`DELETE FROM ${table}`);
  count += 1;
  file = path.join(folder, `${String(count)}.jsonl.gz`);
});

/** Repositories whose connections are all closed when the work is over: what a restore waits for. */
async function withWorker<T>(work: (repositories: Repositories) => Promise<T>): Promise<T> {
  const repositories = openDatabase({ url: db.url });
  try {
    return await work(repositories);
  } finally {
    await repositories.database.close();
  }
}

/** A volume with data, mapped, of a VM that this fence's run holds. */
async function replicated(repositories: Repositories, fence = aFence()) {
  const { site, sourceId, sourceVmId } = fence;
  const volume = aVolume({ site, sourceId, sourceVmId });
  await claim(repositories, fence);
  await repositories.database.fenced(fence, async (tx) => {
    await repositories.volumes.add(tx, volume);
    await repositories.volumes.beginCopy(tx, volume.volumeId);
    await repositories.volumes.setVerified(tx, volume.volumeId, 'sha256-1GiB:abc');
    await repositories.mappings.map(tx, aMapping({ volumeId: volume.volumeId }));
  });
  return { fence, volume };
}

const free = (repositories: Repositories, fence: ReturnType<typeof aFence>) =>
  repositories.database.transaction((tx) => repositories.claims.release(tx, fence, fence.runId));

const everything = async (): Promise<Record<string, unknown[]>> => {
  const rows: Record<string, unknown[]> = {};
  for (const name of tableNames) rows[name] = await db.query(`SELECT * FROM ${name}`);
  return rows;
};

const doubting = { trustVolumes: false };

describe('a backup', () => {
  test('gives every value back as it was: long integers, times, flags, nulls, any text', async () => {
    const { volume } = await withWorker(async (worker) => {
      const made = await replicated(worker);
      await free(worker, made.fence);
      return made;
    });
    const odd = 'a\nb\r\u2028\\\'"%\u0000\u{1F680}é';
    await db.query(
      'UPDATE volumes SET size_bytes = 9007199254740993, kept_because = ?, created_at = ? WHERE volume_id = ?',
      [odd, '2026-02-28 23:59:59.999', volume.volumeId],
    );
    await db.query('INSERT INTO copy_windows VALUES (?, 0, ?)', [volume.volumeId, 'f'.repeat(64)]);
    const before = await everything();
    const written = await backUp(db.url, file);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readBackup(file)).toEqual(written);

    for (const table of tableNames) await db.query(`DELETE FROM ${table}`);
    await restore(db.url, file, { trustVolumes: true });
    const after = await everything();
    expect(after['copy_windows']).toEqual(before['copy_windows']);
    expect(after['device_mappings']).toEqual(before['device_mappings']);
    expect(await db.query('SELECT CAST(size_bytes AS CHAR) AS size, kept_because, verified_hash FROM volumes')).toEqual(
      [{ size: '9007199254740993', kept_because: odd, verified_hash: 'sha256-1GiB:abc' }],
    );
    expect(await db.query('SELECT CAST(created_at AS CHAR) AS at FROM volumes')).toEqual([
      { at: '2026-02-28 23:59:59.999' },
    ]);
  });

  test('is of one moment while a writer writes', async () => {
    // Each transaction adds a volume and its operation: at every moment there are as many of one as of the other.
    await withWorker(async (worker) => {
      const fence = aFence();
      await claim(worker, fence);
      const stop = new AbortController();
      let transactions = 0;
      const writer = (async () => {
        for (;;) {
          if (stop.signal.aborted) return;
          const volume = aVolume(fence);
          await worker.database.fenced(fence, async (tx) => {
            await worker.operations.record(tx, anOperation({ ...fence, volumeId: volume.volumeId }));
            await worker.volumes.add(tx, volume);
          });
          transactions += 1;
        }
      })();
      for (let round = 0; round < 5; round += 1) {
        const at = path.join(folder, `busy-${String(round)}.gz`);
        const before = transactions;
        while (transactions < before + 3) await new Promise((resolve) => setImmediate(resolve));
        const { tables } = await backUp(db.url, at);
        const rows = Object.fromEntries(tables.map((sum) => [sum.endOf, sum.rows]));
        expect(rows['volumes']).toBeGreaterThan(0);
        expect(rows['volume_operations']).toBe(rows['volumes']);
      }
      stop.abort();
      await writer;
    });
  });

  test('holds no password, and is never written over another file', async () => {
    const { password } = new URL(db.url);
    await backUp(db.url, file);
    expect(gunzipSync(await readFile(file)).includes(password)).toBe(false);
    const before = await readFile(file);
    await expect(backUp(db.url, file)).rejects.toMatchObject({
      problem: 'unwritable',
      reason: expect.stringContaining('already'),
    });
    expect(await readFile(file)).toEqual(before);
  });

  test('leaves nothing behind where it cannot be written', async () => {
    await expect(backUp(db.url, path.join(folder, 'none', 'x.gz'))).rejects.toMatchObject({ problem: 'unwritable' });
    const full = path.join(folder, 'locked');
    await mkdir(full);
    await expect(backUp(db.url, path.join(full, 'a'.repeat(250)))).rejects.toMatchObject({ problem: 'unwritable' });
    expect(await readdir(full)).toEqual([]);
  });

  test('is refused of a schema that was changed by hand or never made', async () => {
    const bare = await withFreshDatabase({ migrated: false });
    try {
      await expect(backUp(bare.url, file)).rejects.toMatchObject({ problem: 'missing' });
      await migrate(bare.url);
      await bare.query('ALTER TABLE volumes ADD COLUMN note TEXT NULL');
      await expect(backUp(bare.url, file)).rejects.toMatchObject({ problem: 'differs' });
      await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' });
    } finally {
      await bare.drop();
    }
  });
});

describe('a file that is not whole', () => {
  const lines = async (): Promise<string[]> =>
    gunzipSync(await readFile(file))
      .toString()
      .trimEnd()
      .split('\n');
  const rewrite = (text: string): Promise<void> => writeFile(file, gzipSync(text));

  beforeEach(async () => {
    await withWorker(async (worker) => free(worker, (await replicated(worker)).fence));
    await backUp(db.url, file);
  });

  test.each<[string, () => Promise<void>, string, RegExp]>([
    ['was cut off', async () => writeFile(file, (await readFile(file)).subarray(0, -40)), 'damaged', /cut off/],
    ['lacks its end', async () => rewrite(`${(await lines()).slice(0, -1).join('\n')}\n`), 'damaged', /cut off/],
    [
      'has another value in a row',
      async () => rewrite(`${(await lines()).join('\n').replace('diskferry-pgtest1', 'diskferry-pgtest2')}\n`),
      'damaged',
      /checksum or count/,
    ],
    [
      'lacks a row',
      async () => rewrite(`${(await lines()).filter((line) => !line.startsWith('["demo"')).join('\n')}\n`),
      'damaged',
      /checksum or count/,
    ],
    [
      'has another header',
      async () => rewrite(`${(await lines()).join('\n').replace(/"madeAt":"\d{4}/, '"madeAt":"1999')}\n`),
      'damaged',
      /checksum/,
    ],
    ['goes on after its end', async () => rewrite(`${(await lines()).join('\n')}\n[]\n`), 'damaged', /follows its end/],
    ['is not compressed', () => writeFile(file, 'INSERT INTO volumes'), 'foreign', /no backup of Diskferry/],
    ['is something else', () => rewrite('{"some":"json"}\n'), 'foreign', /no backup of Diskferry/],
    ['is empty', () => writeFile(file, ''), 'damaged', /cut off/],
    [
      'is of a later format',
      async () => rewrite(`${(await lines()).join('\n').replace('"diskferryBackup":1', '"diskferryBackup":2')}\n`),
      'foreign',
      /later release/,
    ],
    ['is not there', () => rm(file), 'unreadable', /ENOENT/],
  ])('is refused and nothing changed: it %s', async (_what, break_, problem, words) => {
    await break_();
    const before = await everything();
    await expect(readBackup(file)).rejects.toMatchObject({
      name: 'BackupError',
      problem,
      reason: expect.stringMatching(words),
    });
    await expect(restore(db.url, file, doubting)).rejects.toMatchObject({ problem });
    expect(await everything()).toEqual(before);
  });

  test('is refused of another schema, both named', async () => {
    const older = await withFreshDatabase();
    try {
      await older.query("DELETE FROM diskferry_migrations WHERE name >= '0012'");
      await older.query('DROP TABLE adopted_operations');
      await expect(restore(older.url, file, doubting)).rejects.toMatchObject({
        problem: 'schema',
        reason: expect.stringMatching(/0012-adopted-operations.*0011-tests/),
      });
      // Before an upgrade: a backup of the older schema fits the older schema.
      const own = `${file}.older`;
      await backUp(older.url, own);
      await older.query('USE information_schema');
      await restore(older.url, own, doubting);
      await expect(restore(db.url, own, doubting)).rejects.toMatchObject({ problem: 'schema' });
    } finally {
      await older.drop();
    }
  });

  test('with rows that the keys refuse takes everything back', async () => {
    await db.query('INSERT INTO appliance_slot_locks VALUES (?)', ['left-as-it-was']);
    const text = await lines();
    const at = text.findIndex((line) => line.startsWith('{"table":"copy_windows"'));
    // A whole file, checksums and all, of rows that no database of ours can hold: two of one key.
    const { createHash } = await import('node:crypto');
    const row = '["v","0","x"]';
    const sum = createHash('sha256').update(`${row}\n${row}\n`).digest('hex');
    const body = [
      ...text.slice(0, at + 1),
      row,
      row,
      JSON.stringify({ endOf: 'copy_windows', rows: 2, sha256: sum }),
      ...text.slice(at + 2, -1),
    ];
    const { end } = JSON.parse(text.at(-1)!) as { end: { tables: number; rows: number } };
    const whole = createHash('sha256')
      .update(`${body.join('\n')}\n`)
      .digest('hex');
    await rewrite(`${body.join('\n')}\n${JSON.stringify({ end: { ...end, rows: end.rows + 2 }, sha256: whole })}\n`);
    const before = await everything();
    await expect(restore(db.url, file, doubting)).rejects.toMatchObject({
      problem: 'refused',
      reason: expect.stringContaining('Duplicate'),
    });
    expect(await everything()).toEqual(before);
  });
});

describe('a restore', () => {
  test('is refused while a run holds a VM, while a test has its sandbox, and while anybody is connected; each is named', async () => {
    const { fence } = await withWorker((worker) => replicated(worker));
    await db.query(
      "INSERT INTO vm_test_claims VALUES ('qc', 'v', '42', 'fail-over-vm/qc/v/42', 'run-t', 3, UTC_TIMESTAMP(3))",
    );
    await backUp(db.url, file);
    const refusal = await restore(db.url, file, doubting).catch((error: unknown) => error as Error);
    expect(refusal).toMatchObject({ name: 'NotQuietError' });
    expect((refusal as Error).message).toContain(fence.runId);
    expect((refusal as Error).message).toContain('fail-over-vm/qc/v/42 (run run-t) holds VM qc/v/42 for a test');

    await db.query('UPDATE vm_claims SET run_id = NULL');
    await db.query('UPDATE vm_test_claims SET run_id = NULL');
    await withWorker(async (worker) => {
      await worker.mappings.list();
      await expect(restore(db.url, file, doubting)).rejects.toThrow(/is connected to the database \(connection \d+\)/);
      expect((await planRestore(db.url, file)).busy).toHaveLength(1);
    });
    await restore(db.url, file, doubting);
  });

  test('lets nobody take a VM meanwhile, and a run of before write nothing after it', async () => {
    const { fence } = await withWorker((worker) => replicated(worker));
    await backUp(db.url, file);
    await db.query('UPDATE vm_claims SET workflow_id = NULL, run_id = NULL, since = NULL, epoch = 7');

    // Holds the restore up after it locked the claims, without being connected to this database.
    const server = await db.connect();
    await server.query('USE information_schema');
    await server.query('START TRANSACTION');
    await server.query(`SELECT * FROM ${db.name}.volumes FOR UPDATE`);
    const restoring = restore(db.url, file, doubting);
    await untilRunning(outside, /^DELETE FROM `volumes`/);
    const worker = openDatabase({ url: db.url });
    try {
      const next = aFence(fence);
      const taking = claim(worker, next);
      await untilRunning(outside, /insert into `vm_claims`/);
      await server.query('ROLLBACK');
      await restoring;
      await taking;
      const holder = await worker.claims.holder(fence);
      expect(holder).toMatchObject({ runId: next.runId, epoch: 9 });
      await expect(worker.database.fenced(fence, () => Promise.resolve())).rejects.toBeInstanceOf(ClaimLostError);
    } finally {
      await worker.database.close();
    }
  });

  test('counts every volume as holding data, and none as verified, unless an operator vouches', async () => {
    const { fence, volume } = await withWorker(async (worker) => {
      const made = await replicated(worker);
      const empty = aVolume(made.fence);
      await worker.database.fenced(made.fence, (tx) => worker.volumes.add(tx, empty));
      return made;
    });
    await backUp(db.url, file);
    await db.query('UPDATE vm_claims SET run_id = NULL');
    await db.query('DELETE FROM volumes');
    expect((await restore(db.url, file, doubting)).doubts).toEqual({ volumes: 2, unverified: 2, freed: 1 });
    expect(await db.query('SELECT DISTINCT copy_begun, kept_because, generation, verified_hash FROM volumes')).toEqual([
      { copy_begun: 1, kept_because: 'the database was restored from a backup', generation: 2, verified_hash: null },
    ]);
    await withWorker(async (worker) => expect(await worker.claims.holder(fence)).toBeUndefined());

    await restore(db.url, file, { trustVolumes: true });
    expect(
      await db.query('SELECT copy_begun, generation, verified_hash FROM volumes WHERE volume_id = ?', [
        volume.volumeId,
      ]),
    ).toEqual([{ copy_begun: 1, generation: 1, verified_hash: 'sha256-1GiB:abc' }]);
  });

  test('of an account that may only read changes nothing, in clear words', async () => {
    await backUp(db.url, file);
    const url = new URL(db.url);
    await asServerRoot(`CREATE USER 'reader_${db.name}'@'%' IDENTIFIED BY 'reads'`);
    try {
      await asServerRoot(`GRANT SELECT ON ${db.name}.* TO 'reader_${db.name}'@'%'`);
      url.username = `reader_${db.name}`;
      url.password = 'reads';
      await db.query('INSERT INTO appliance_slot_locks VALUES (?)', ['kept']);
      const { busy, seesOthers } = await planRestore(url.href, file);
      expect({ busy, seesOthers }).toEqual({ busy: [], seesOthers: false });
      await expect(restore(url.href, file, doubting)).rejects.toMatchObject({
        problem: 'refused',
        reason: expect.stringContaining('denied'),
      });
      expect(await db.query('SELECT * FROM appliance_slot_locks')).toHaveLength(1);
    } finally {
      await asServerRoot(`DROP USER 'reader_${db.name}'@'%'`);
    }
  });
});
