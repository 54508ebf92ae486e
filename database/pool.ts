import type { MysqlPool, MysqlPoolConnection, MysqlQueryResult } from 'kysely';
import { type Connection, type ConnectionOptions, type PoolConnection, createPool } from 'mysql2';
import type { DatabaseAddress } from './database-url';
import { translateError } from './errors';

/** How long one statement may take. Row locks are waited for less, so that a longer silence means that the server is away. */
const STATEMENT_TIMEOUT = 30_000;
const LOCK_WAIT_SECONDS = 10;

const SESSION = [
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  `SET SESSION time_zone = '+00:00', innodb_lock_wait_timeout = ${String(LOCK_WAIT_SECONDS)},
     sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ZERO_DATE,NO_ZERO_IN_DATE,NO_ENGINE_SUBSTITUTION'`,
];

/** What every connection is opened with: sizes as numbers, times as UTC ISO strings, BOOLEAN as boolean. */
export function connectionOptions(address: DatabaseAddress): ConnectionOptions {
  return {
    host: address.host,
    port: address.port,
    user: address.user,
    password: address.password,
    database: address.database,
    charset: 'UTF8MB4_BIN',
    timezone: 'Z',
    connectTimeout: 10_000,
    enableKeepAlive: true,
    supportBigNumbers: true,
    typeCast: (field, next) => {
      if (field.type === 'DATETIME') {
        const text = field.string();
        return text === null ? null : `${text.replace(' ', 'T')}Z`;
      }
      if (field.type === 'TINY' && field.length === 1) {
        const text = field.string();
        return text === null ? null : text !== '0';
      }
      return next();
    },
  };
}

/**
 * The mysql2 pool as Kysely uses it, with our session settings on every connection, a limit on every statement, and the driver's
 * errors translated in this one place.
 */
export function openPool(address: DatabaseAddress, size: number): MysqlPool {
  const pool = createPool({
    ...connectionOptions(address),
    connectionLimit: size,
    maxIdle: size,
    idleTimeout: 300_000,
  });
  const prepared = new WeakMap<Connection, MysqlPoolConnection>();
  return {
    getConnection(callback) {
      pool.getConnection((error, connection) => {
        if (error !== null) {
          callback(translateError(error, address.shown), undefined as never);
          return;
        }
        const known = prepared.get(connection);
        if (known !== undefined) {
          callback(null, known);
          return;
        }
        const fresh = typedConnection(connection, address.shown);
        runAll(fresh, SESSION, (problem) => {
          if (problem === undefined) prepared.set(connection, fresh);
          else connection.destroy();
          callback(problem, fresh);
        });
      });
    },
    end(callback) {
      pool.end(callback);
    },
  };
}

function typedConnection(connection: PoolConnection, address: string): MysqlPoolConnection {
  type Callback = (error: unknown, result: MysqlQueryResult) => void;
  return {
    query(statement: string, values: unknown[], callback?: Callback) {
      const query = connection.query({ sql: statement, values, timeout: STATEMENT_TIMEOUT }, (error, result) => {
        // After a time-out the answer may still come: the connection must not be used for anything else.
        if (error !== null && (error.fatal || error.code === 'PROTOCOL_SEQUENCE_TIMEOUT')) connection.destroy();
        callback?.(error === null ? null : translateError(error, address), result as MysqlQueryResult);
      });
      return query as never;
    },
    release() {
      connection.release();
    },
  };
}

function runAll(
  connection: MysqlPoolConnection,
  statements: readonly string[],
  done: (problem: unknown) => void,
): void {
  const [first, ...rest] = statements;
  if (first === undefined) {
    done(undefined);
    return;
  }
  connection.query(first, [], (error) => {
    if (error === null) runAll(connection, rest, done);
    else done(error);
  });
}
