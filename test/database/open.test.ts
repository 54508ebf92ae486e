import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createServer } from 'node:net';
import { parseDatabaseUrl } from '../../database/database-url';
import { translateError } from '../../database/errors';
import { migrate } from '../../database/migrate';
import { type Repositories, openDatabase } from '../../database/open';
import { freePort } from '../../stack/free-port';
import { type FreshDatabase, withFreshDatabase } from '../support/mariadb';
import { aVm, aVolume } from './builders';

let db: FreshDatabase;

beforeAll(async () => {
  db = await withFreshDatabase();
});

afterAll(async () => {
  await db.drop();
});

const SECRET = 's3cret-of-the-test';

async function failureOf(url: string, ask?: (repositories: Repositories) => Promise<unknown>): Promise<Error> {
  const repositories = openDatabase({ url, poolSize: 2 });
  try {
    await (ask?.(repositories) ?? repositories.claims.holder(aVm()));
  } catch (error) {
    return error as Error;
  } finally {
    await repositories.database.close();
  }
  throw new Error('nothing failed');
}

function everythingIn(error: Error): string {
  const parts: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    parts.push(at.message, at.stack ?? '', JSON.stringify(at, Object.getOwnPropertyNames(at)));
  }
  return parts.join('\n');
}

describe('a database that cannot be used is told by kind and address, without the password', () => {
  const changed = (change: (url: URL) => void): string => {
    const url = new URL(db.url);
    url.password = SECRET;
    change(url);
    return url.href;
  };

  test('nobody listens', async () => {
    const port = await freePort();
    const url = changed((to) => (to.port = String(port)));
    for (const error of [
      await failureOf(url),
      await failureOf(url, ({ database }) => database.transaction(() => Promise.resolve())),
      await migrate(url).then(
        () => new Error('migrated'),
        (thrown: unknown) => thrown as Error,
      ),
    ]) {
      expect(error).toMatchObject({
        name: 'DatabaseUnavailableError',
        kind: 'unreachable',
        address: `mysql://diskferry@127.0.0.1:${String(port)}/${db.name}`,
        reason: expect.stringContaining('ECONNREFUSED'),
      });
      expect(everythingIn(error)).not.toContain(SECRET);
    }
  });

  test('the password is wrong', async () => {
    const error = await failureOf(changed(() => undefined));
    expect(error).toMatchObject({ name: 'DatabaseUnavailableError', kind: 'access-denied' });
    expect(everythingIn(error)).not.toContain(SECRET);
  });

  test('the database does not exist', async () => {
    const error = await failureOf(db.url.replace(db.name, 'diskferry_nowhere'));
    expect(error).toMatchObject({ name: 'DatabaseUnavailableError', kind: 'unknown-database' });
  });

  test('what listens there hangs up', async () => {
    const server = createServer((socket) => socket.destroy());
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    try {
      const error = await failureOf(changed((url) => (url.port = String(port))));
      expect(error).toMatchObject({ name: 'DatabaseUnavailableError', kind: 'unreachable' });
    } finally {
      server.close();
    }
  });

  test('the connection is cut within a transaction, and the next one works', async () => {
    const { database, volumes } = db.repositories;
    const volume = aVolume();
    const cut = database.transaction(async (tx) => {
      await volumes.add(tx, volume);
      const running = await db.query<{ Id: number; db: string; Command: string }>('SHOW PROCESSLIST');
      for (const { Id, db: of, Command } of running) {
        if (of === db.name && Command === 'Sleep') await db.query('KILL ?', [Id]);
      }
      await volumes.beginCopy(tx, volume.volumeId);
    });
    await expect(cut).rejects.toMatchObject({ name: 'DatabaseUnavailableError', kind: 'unreachable' });
    expect(await volumes.get(volume.volumeId)).toBeUndefined();
    await database.transaction((tx) => volumes.add(tx, volume));
    expect(await volumes.get(volume.volumeId)).toBeDefined();
  });

  test('it stays silent longer than a statement may take, and answers again later', async () => {
    const volume = aVolume();
    await db.repositories.database.transaction((tx) => db.repositories.volumes.add(tx, volume));
    const holder = await db.connect();
    await holder.beginTransaction();
    await holder.query('SELECT 1 FROM volumes WHERE volume_id = ? FOR UPDATE', [volume.volumeId]);
    const { database, volumes } = openDatabase({ url: db.url, poolSize: 1, statementTimeout: 300 });
    try {
      const write = () => database.transaction((tx) => volumes.beginCopy(tx, volume.volumeId));
      await expect(write()).rejects.toMatchObject({ kind: 'unreachable', reason: 'no answer within 0.3 s' });
      await holder.rollback();
      await write();
      expect(await volumes.get(volume.volumeId)).toMatchObject({ copyBegun: true });
    } finally {
      await database.close();
    }
  });

  test('all its connections are taken by transactions that want one more', async () => {
    const { database, volumes } = openDatabase({ url: db.url, poolSize: 1, statementTimeout: 100 });
    try {
      const read = database.transaction(() => volumes.get('x'));
      await expect(read).rejects.toMatchObject({ kind: 'busy', reason: expect.stringContaining('none of 1') });
      expect(await volumes.get('x')).toBeUndefined();
    } finally {
      await database.close();
    }
  });

  test.each([
    ['ER_CON_COUNT_ERROR', 'unreachable'],
    ['ER_SERVER_SHUTDOWN', 'unreachable'],
    ['ER_OPTION_PREVENTS_STATEMENT', 'unreachable'],
    ['ETIMEDOUT', 'unreachable'],
    ['EAI_AGAIN', 'unreachable'],
    ['ER_DBACCESS_DENIED_ERROR', 'access-denied'],
    ['ER_LOCK_WAIT_TIMEOUT', 'busy'],
  ])('%s is %s', (code, kind) => {
    const translated = translateError(Object.assign(new Error('words of the server'), { code }), 'mysql://u@h:1/d');
    expect(translated).toMatchObject({
      kind,
      reason: 'words of the server',
    });
  });

  test.each(['ER_DUP_ENTRY', 'ER_PARSE_ERROR', 'ER_NO_SUCH_TABLE', 'ERR_INVALID_ARG_TYPE'])(
    '%s is our own mistake and stays as it is',
    (code) => {
      const error = Object.assign(new Error('words'), { code });
      expect(translateError(error, 'mysql://u@h:1/d')).toBe(error);
    },
  );
});

describe('the database URL', () => {
  test('is read, with the password from apart where there is one', () => {
    expect(parseDatabaseUrl('mysql://me%40home:p%3Aw@[::1]:3307/diskferry')).toEqual({
      host: '::1',
      port: 3307,
      user: 'me@home',
      password: 'p:w',
      database: 'diskferry',
      shown: 'mysql://me@home@[::1]:3307/diskferry',
    });
    expect(parseDatabaseUrl('mariadb://me@db/diskferry', 'apart')).toMatchObject({ port: 3306, password: 'apart' });
  });

  test.each([
    ['not a url', `mysql//me:${SECRET}@db/x`],
    ['another protocol', `postgres://me:${SECRET}@db/x`],
    ['no database', `mysql://me:${SECRET}@db`],
    ['no user', 'mysql://db/x'],
    ['parameters', `mysql://me:${SECRET}@db/x?ssl=true`],
    ['a bad escape', `mysql://me:${SECRET}%@db/x`],
  ])('is refused for %s, without being shown', (_what, url) => {
    const refuse = () => parseDatabaseUrl(url);
    expect(refuse).toThrow(/the database URL/);
    expect(refuse).not.toThrow(SECRET);
  });
});
