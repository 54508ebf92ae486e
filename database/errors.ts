import { types } from 'node:util';

/**
 * Errors of the database as the rest of the system sees them. What is not here (a broken statement, a value out of range) is a
 * mistake in this code and is thrown as the driver gave it.
 */

/**
 * - `unreachable`: nobody answers, or the answer was cut off; a transaction may or may not have been committed
 * - `access-denied`: the server refuses the user or its password, or its rights on the database
 * - `unknown-database`: the server has no such database
 * - `busy`: deadlock, lock wait time-out or no free connection, three times in a row
 */
export type UnavailableKind = 'unreachable' | 'access-denied' | 'unknown-database' | 'busy';

/**
 * The database cannot be used now. Retryable without limit: every kind is mended from outside, and undoing anything would need
 * the same database. Neither text nor cause holds the password.
 */
export class DatabaseUnavailableError extends Error {
  constructor(
    readonly kind: UnavailableKind,
    /** `mysql://user@host:port/database` */
    readonly address: string,
    /** in the driver's or the server's own words */
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`the database at ${address} cannot be used (${kind}): ${reason}`, options);
    this.name = 'DatabaseUnavailableError';
  }
}

/** A row stands in the way that says something else about the same thing. Not retryable: both sides are named. */
export class RowConflictError extends Error {
  constructor(
    readonly table: string,
    readonly what: string,
    readonly wanted: string,
    readonly found: string,
  ) {
    super(`${table}: ${what} is recorded as ${found}, not as ${wanted}`);
    this.name = 'RowConflictError';
  }
}

/** Something wrote to a row that is not there; whoever calls this forgot the step that makes it. Not retryable. */
export class RowMissingError extends Error {
  constructor(table: string, key: string) {
    super(`${table} has no row for ${key}`);
    this.name = 'RowMissingError';
  }
}

/** A stored row that nothing of ours can have written: an older installation or a hand did. Names row and column. Not retryable. */
export class UnreadableRowError extends Error {
  constructor(table: string, key: string, problems: string) {
    super(`${table}, row ${key}: ${problems}`);
    this.name = 'UnreadableRowError';
  }
}

interface DriverError extends Error {
  readonly code?: string;
  readonly fatal?: boolean;
}

const ACCESS = new Set(['ER_ACCESS_DENIED_ERROR', 'ER_DBACCESS_DENIED_ERROR', 'ER_ACCESS_DENIED_NO_PASSWORD_ERROR']);
const BUSY = new Set(['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT']);
const UNREACHABLE = new Set([
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'ER_CON_COUNT_ERROR',
  'ER_TOO_MANY_USER_CONNECTIONS',
  'ER_USER_LIMIT_REACHED',
  'ER_SERVER_SHUTDOWN',
  'ER_NORMAL_SHUTDOWN',
  'ER_CONNECTION_KILLED',
  'ER_QUERY_INTERRUPTED',
  // read-only: a replica, or the primary during a switch-over
  'ER_OPTION_PREVENTS_STATEMENT',
  'ER_READ_ONLY_MODE',
  'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION',
  // a full disk is mended from outside, like a server that is away
  'ER_DISK_FULL',
  'ER_RECORD_FILE_FULL',
]);

/** Turns the driver's error into one of the above where it is one; anything else is given back as it is. */
export function translateError(error: unknown, address: string): unknown {
  // Not instanceof: the network's errors may come from another realm than this code, as they do under jest.
  if (!types.isNativeError(error) || error instanceof DatabaseUnavailableError) return error;
  const { code = '', fatal } = error as DriverError;
  const kind: UnavailableKind | undefined = ACCESS.has(code)
    ? 'access-denied'
    : code === 'ER_BAD_DB_ERROR'
      ? 'unknown-database'
      : BUSY.has(code)
        ? 'busy'
        : UNREACHABLE.has(code) || fatal === true || isNetworkCode(code)
          ? 'unreachable'
          : undefined;
  if (kind === undefined) return error;
  return new DatabaseUnavailableError(kind, address, error.message === '' ? code : error.message, { cause: error });
}

/** Node's codes for what went wrong below the protocol. */
function isNetworkCode(code: string): boolean {
  return /^(ECONN|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_|EHOST|ENET|EADDRNOTAVAIL)/.test(code);
}

/** Whether a table, a column or a row is not as this code knows them: the schema may be another one. */
export function mayMeanAnotherSchema(error: unknown): boolean {
  if (error instanceof UnreadableRowError) return true;
  const { code } = types.isNativeError(error) ? (error as DriverError) : {};
  return code === 'ER_NO_SUCH_TABLE' || code === 'ER_BAD_FIELD_ERROR';
}

/** Whether a statement was refused by a unique key. */
export function isDuplicateKey(error: unknown): boolean {
  return types.isNativeError(error) && (error as DriverError).code === 'ER_DUP_ENTRY';
}
