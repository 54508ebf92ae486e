import { DatabaseUnavailableError } from '../database/errors';
import { SchemaError } from '../database/schema-error';
import { failure } from '../domain/failures';

/**
 * Runs work on the database outside of activities and gives its errors the words of the failure table: `database-unavailable`
 * and `database-refuses` (worth a retry), `schema-foreign`, `adoption-refused` and `schema-outdated`; others come as they are.
 */
export async function translateDatabaseError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DatabaseUnavailableError) {
      const cause = `${error.reason} (${error.kind})`;
      throw failure(codeOf(error), { address: error.address, cause }, { cause: error });
    }
    if (error instanceof SchemaError && error.problem === 'foreign') {
      throw failure('schema-foreign', { tables: error.details.join(', ') }, { cause: error });
    }
    if (error instanceof SchemaError && error.problem === 'adopting') {
      throw failure('adoption-refused', { cause: error.message }, { cause: error });
    }
    if (error instanceof SchemaError) throw failure('schema-outdated', { cause: error.message }, { cause: error });
    throw error;
  }
}

/** Nobody there, or somebody who does not let this account in: other people mend that. */
function codeOf({ kind }: DatabaseUnavailableError): 'database-unavailable' | 'database-refuses' {
  return kind === 'access-denied' || kind === 'unknown-database' ? 'database-refuses' : 'database-unavailable';
}
