/**
 * - `missing`: the database was never migrated
 * - `pending`: migrations of this release are not applied
 * - `unknown`: migrations are applied that this release does not know (it is older than the database)
 * - `differs`: tables are not as the last migration left them
 * - `foreign`: tables of these names are there that another system made
 * - `adopting`: an adoption was begun and is not done
 * - `locked`: another migration did not end in time
 */
export type SchemaProblem = 'missing' | 'pending' | 'unknown' | 'differs' | 'foreign' | 'adopting' | 'locked';

/** The database's schema is not the one this release needs. Not retryable, but for `locked`. */
export class SchemaError extends Error {
  constructor(
    readonly problem: SchemaProblem,
    /** names of migrations or tables, or sentences that say what differs */
    readonly details: readonly string[],
  ) {
    super(`${SENTENCES[problem]}${details.length === 0 ? '' : `: ${details.join('; ')}`}`);
    this.name = 'SchemaError';
  }
}

const SENTENCES: Readonly<Record<SchemaProblem, string>> = {
  missing: 'the database was never migrated',
  pending: 'migrations are not applied',
  unknown: 'migrations are applied that this release does not know; it is older than the database',
  differs: 'tables are not as the last migration left them',
  foreign: 'tables of these names are there already, made by another system',
  adopting:
    'an adoption of the older installation is at work, or was cut off; take that back (diskferry adopt --undo, docs/adopt.md)',
  locked: 'another migration holds the lock of this database and did not end in time',
};
