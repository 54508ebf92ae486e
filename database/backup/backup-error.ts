import { translateError } from '../errors';

/**
 * - `unreadable`: the file is not there or may not be read
 * - `foreign`: it is no backup of Diskferry, or of a later format
 * - `damaged`: it was changed or cut off after it was written
 * - `schema`: it is of tables that are not the database's
 * - `unwritable`: the file could not be written
 * - `refused`: the server refused a row or a statement
 */
export type BackupProblem = 'unreadable' | 'foreign' | 'damaged' | 'schema' | 'unwritable' | 'refused';

/** A backup file cannot be written, read or used. Not retryable; neither file nor database was changed. */
export class BackupError extends Error {
  constructor(
    readonly problem: BackupProblem,
    readonly file: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`${file}: ${reason}`, options);
    this.name = 'BackupError';
  }
}

/** A refusal of the server in words that belong to a backup; what makes the server unavailable stays as it is. */
export function refusedByServer(file: string, error: unknown, address: string): unknown {
  const { sqlState, message } = error as { readonly sqlState?: string; readonly message?: string };
  if (sqlState === undefined || translateError(error, address) !== error) return error;
  return new BackupError('refused', file, `the server refused it (${message ?? sqlState})`, { cause: error });
}
