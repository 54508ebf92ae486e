import type { MysqlPool, MysqlPoolConnection, MysqlQueryResult } from 'kysely';
import { type Connection, type ConnectionOptions, type PoolConnection, createPool } from 'mysql2';
import type { DatabaseAddress } from './database-url';
import { DatabaseUnavailableError, translateError } from './errors';

/** Less than a statement may take, so that a longer silence means that the server is away. */
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
export function openPool(
  address: DatabaseAddress,
  { size, statementTimeout }: { readonly size: number; readonly statementTimeout: number },
): MysqlPool {
  const pool = createPool({
    ...connectionOptions(address),
    connectionLimit: size,
    maxIdle: size,
    idleTimeout: 300_000,
  });
  const prepared = new WeakMap<Connection, MysqlPoolConnection>();
  return {
    getConnection(callback) {
      // mysql2 waits for ever: transactions that each hold a connection and read on a second one would wait for one another.
      let timer: NodeJS.Timeout | undefined = setTimeout(() => {
        timer = undefined;
        const reason = `none of ${size} connections was free within ${statementTimeout / 1000} s`;
        callback(new DatabaseUnavailableError('busy', address.shown, reason), undefined as never);
      }, statementTimeout);
      pool.getConnection((error, connection) => {
        if (timer === undefined) {
          if (error === null) connection.release();
          return;
        }
        clearTimeout(timer);
        if (error !== null) {
          callback(translateError(error, address.shown), undefined as never);
          return;
        }
        const known = prepared.get(connection);
        if (known !== undefined) {
          callback(null, known);
          return;
        }
        const fresh = typedConnection(connection, address.shown, statementTimeout);
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

function typedConnection(connection: PoolConnection, address: string, statementTimeout: number): MysqlPoolConnection {
  type Callback = (error: unknown, result: MysqlQueryResult) => void;
  /** What broke the connection; the roll-back that follows must not hide it behind "connection is closed". */
  let broken: unknown;
  return {
    query(statement: string, values: unknown[], callback: Callback = () => undefined) {
      if (broken !== undefined) {
        callback(broken, []);
        return undefined as never;
      }
      // Not mysql2's own time-out: it leaves the connection open, where a late answer would meet the next statement.
      let timer: NodeJS.Timeout | undefined = setTimeout(() => {
        timer = undefined;
        connection.destroy();
        const reason = `no answer within ${statementTimeout / 1000} s`;
        broken = new DatabaseUnavailableError('unreachable', address, reason);
        callback(broken, []);
      }, statementTimeout);
      const query = connection.query(statement, values, (error, result) => {
        if (timer === undefined) return;
        clearTimeout(timer);
        const translated = error === null ? null : translateError(error, address);
        if (error?.fatal === true) {
          broken = translated;
          connection.destroy();
        }
        callback(translated, result as MysqlQueryResult);
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
