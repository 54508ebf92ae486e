import { DiskferryFailure } from '../../domain/failures';

/** The failure that work ends with; an error when it ends well or in any other way. */
export async function failing(work: Promise<unknown>): Promise<DiskferryFailure> {
  try {
    await work;
  } catch (error) {
    if (error instanceof DiskferryFailure) return error;
    throw error;
  }
  throw new Error('it was expected to fail, and did not');
}
