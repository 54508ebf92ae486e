import { AdoptionError } from '../database/adopt/adoption-error';
import { failure } from '../domain/failures';
import { translateBackupError } from './backup-failure';

/** Runs work on an adoption and gives its errors the words of the failure table. */
export async function translateAdoptionError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await translateBackupError(work);
  } catch (error) {
    if (!(error instanceof AdoptionError)) throw error;
    throw failure(
      error.problem === 'writers' ? 'adoption-writers' : 'adoption-refused',
      { cause: error.message },
      { cause: error },
    );
  }
}
