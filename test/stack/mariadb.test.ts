import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { freePort } from '../../stack/free-port';
import { type RunningMariaDb, startMariaDb } from '../../stack/mariadb';

let folder: string;
let server: RunningMariaDb | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'diskferry-mariadb-'));
});

afterEach(async () => {
  await server?.stop();
  server = undefined;
  await rm(folder, { recursive: true, force: true });
});

async function start(dataDirectory: string, password: string): Promise<RunningMariaDb> {
  server = await startMariaDb({
    dataDirectory,
    logFile: join(folder, 'mariadb.log'),
    port: await freePort(),
    password,
    durability: 'relaxed',
  });
  return server;
}

async function query(url: string, user: string, password: string, sql: string): Promise<unknown> {
  const { hostname, port, pathname } = new URL(url);
  const connection = await createConnection({
    host: hostname,
    port: Number(port),
    database: pathname.slice(1),
    user,
    password,
  });
  try {
    return (await connection.query(sql))[0];
  } finally {
    await connection.end();
  }
}

describe('the private MariaDB', () => {
  test('has a folder of its own for temporary files: a server that starts deletes those of others in its own', async () => {
    const data = join(folder, 'data');
    const { databaseUrl } = await start(data, 'secret');
    const [row] = (await query(databaseUrl(), 'diskferry', 'secret', 'SELECT @@tmpdir AS place')) as {
      place: string;
    }[];
    expect(row?.place).toBe(`${data}.tmp`);
  });

  test('keeps its data over a restart, takes the new password and no other, and lets root in by no network', async () => {
    const data = join(folder, 'data');
    const first = await start(data, "first 'secret'");
    await query(first.databaseUrl(), 'diskferry', "first 'secret'", 'CREATE TABLE kept (id INT)');
    await first.stop();
    await first.stop();

    const second = await start(data, 'second');
    expect(await query(second.databaseUrl(), 'diskferry', 'second', 'SHOW TABLES')).toEqual([
      { Tables_in_diskferry: 'kept' },
    ]);
    await expect(query(second.databaseUrl(), 'diskferry', "first 'secret'", 'SELECT 1')).rejects.toMatchObject({
      code: 'ER_ACCESS_DENIED_ERROR',
    });
    for (const user of ['root', '']) {
      await expect(query(second.databaseUrl('mysql'), user, '', 'SELECT 1')).rejects.toMatchObject({
        code: expect.stringMatching(/^ER_/),
      });
    }
    expect(second.databaseUrl()).not.toContain('second');
    expect(await readdir(data)).not.toContain('diskferry-init.sql');
    expect((await stat(data)).mode & 0o777).toBe(0o700);
  });

  test('starts in a folder whose path is too long for a Unix socket', async () => {
    const deep = join(folder, 'x'.repeat(100));
    await mkdir(deep);
    const running = await start(join(deep, 'data'), 'p');
    expect(running.socketPath.length).toBeLessThanOrEqual(107);
    await running.stop();
    await expect(stat(running.socketPath)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('refuses a given socket path that is too long, and names it', async () => {
    const socketPath = join(folder, 'y'.repeat(100));
    await expect(
      startMariaDb({
        dataDirectory: join(folder, 'data'),
        logFile: join(folder, 'log'),
        port: await freePort(),
        password: 'p',
        durability: 'commit',
        socketPath,
      }),
    ).rejects.toThrow(socketPath);
  });

  test('says why when the port is taken, with the end of its log', async () => {
    const running = await start(join(folder, 'data'), 'p');
    await expect(
      startMariaDb({
        dataDirectory: join(folder, 'other'),
        logFile: join(folder, 'other.log'),
        port: running.port,
        password: 'another',
        durability: 'relaxed',
      }),
    ).rejects.toThrow(/127\.0\.0\.1:\d+: MariaDB ended at its start[^]*other\.log[^]*Address already in use/);
  });

  test('tells when the process ended by itself', async () => {
    const running = await start(join(folder, 'data'), 'p');
    process.kill(running.processId, 'SIGKILL');
    expect(await running.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });
});
