import { SiblingFailed, StepFailed, isStop } from './failure-of';

/**
 * All values of side-by-side work that has settled, or the error that weighs most: a stop, then a refusal or conflict, then any
 * failure of a disk's own.
 */
export function allOrWorst<T>(results: readonly PromiseSettledResult<T>[]): T[] {
  const errors: unknown[] = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason as unknown] : [],
  );
  if (errors.length === 0) return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  throw (
    errors.find((error) => isStop(error)) ??
    errors.find((error) => error instanceof StepFailed && error.record.class !== 'failed') ??
    errors.find((error) => !(error instanceof SiblingFailed)) ??
    errors[0]
  );
}
