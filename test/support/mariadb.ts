import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { type Connection, createConnection } from 'mysql2/promise';
import { migrate } from '../../database/migrate';
import { type Repositories, openDatabase } from '../../database/open';

/** A database of its own on the run's shared MariaDB, for one test file. */
export interface FreshDatabase {
  /** with the throw-away password of the test server in it */
  readonly url: string;
  readonly name: string;
  readonly repositories: Repositories;
  /** Runs a statement by hand, as an operator would, on a connection apart from the repositories'. */
  query<T = Record<string, unknown>>(statement: string, values?: unknown[]): Promise<T[]>;
  /** Another connection by hand, for transactions and locks. Ended by drop(). */
  connect(): Promise<Connection>;
  /** Closes everything and drops the database. */
  drop(): Promise<void>;
}

/** Makes a database and, unless `migrated` is false, its tables. Call it in beforeAll, and `drop()` in afterAll. */
export async function withFreshDatabase(options: { readonly migrated?: boolean } = {}): Promise<FreshDatabase> {
  const server = process.env['DISKFERRY_TEST_DATABASE_URL'];
  if (server === undefined)
    throw new Error('this jest project does not start MariaDB: see withServers in jest.config.js');
  const name = `diskferry_${randomBytes(6).toString('hex')}`;
  const admin = await createConnection({ uri: `${server}diskferry`, timezone: 'Z' });
  await admin.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`);
  await admin.query(`USE ${name}`);
  const url = `${server}${name}`;
  if (options.migrated !== false) await migrate(url);
  const repositories = openDatabase({ url, poolSize: 8 });
  const connections: Connection[] = [admin];
  return {
    url,
    name,
    repositories,
    async query<T>(statement: string, values: unknown[] = []): Promise<T[]> {
      const [rows] = await admin.query(statement, values);
      return rows as T[];
    },
    async connect() {
      const connection = await createConnection({ uri: url, timezone: 'Z' });
      connections.push(connection);
      return connection;
    },
    async drop() {
      await repositories.database.close();
      await admin.query(`DROP DATABASE IF EXISTS ${name}`);
      for (const connection of connections) connection.destroy();
    },
  };
}

/** Runs statements as the server's root, for what no account of ours may: other accounts and their rights. */
export async function asServerRoot(...statements: readonly string[]): Promise<void> {
  const socketPath = process.env['DISKFERRY_TEST_DATABASE_SOCKET'];
  if (socketPath === undefined) throw new Error('this jest project does not start MariaDB');
  const connection = await createConnection({ socketPath, user: userInfo().username });
  try {
    for (const statement of statements) await connection.query(statement);
  } finally {
    await connection.end();
  }
}
