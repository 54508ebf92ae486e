import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../stack/free-port';
import { startMariaDb } from '../../stack/mariadb';
import { type Stop, servers } from './servers';

/**
 * Starts the servers that all test files share, once per jest run (jest runs one file once, however many projects name it), and
 * tells the workers through the environment where they are. Each server is one function of the list below: it starts, sets its
 * variables, and gives back how it is stopped.
 */
export default async function globalSetup(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'diskferry-test-'));
  servers.push(() => rm(folder, { recursive: true, force: true }));
  try {
    for (const start of [mariaDb]) servers.push(await start(folder));
  } catch (error) {
    await servers.stopAll();
    throw error;
  }
}

/** DISKFERRY_TEST_DATABASE_URL: no database in it, a throw-away password in it; DISKFERRY_TEST_DATABASE_SOCKET: for the server's root. See mariadb.ts. */
async function mariaDb(folder: string): Promise<Stop> {
  const password = randomBytes(12).toString('hex');
  const server = await startMariaDb({
    dataDirectory: join(folder, 'mariadb'),
    logFile: join(folder, 'mariadb.log'),
    port: await freePort(),
    password,
    durability: 'relaxed',
  });
  process.env['DISKFERRY_TEST_DATABASE_URL'] =
    `mysql://${server.user}:${password}@${server.host}:${String(server.port)}/`;
  process.env['DISKFERRY_TEST_DATABASE_SOCKET'] = server.socketPath;
  return () => server.stop();
}
