import type { FailureRecord } from '../domain/failures';
import type { FailoverRun } from './failover-run';
import type { BaseFailoverPhase } from './failover-view';
import { StepFailed } from './failure-of';

/**
 * Work beyond a point of no return: where it cannot go on it is held, for as long as it takes, until an operator says `retryNow` or
 * gives it up. Nothing here is ever undone by machine. The work runs again from its begin, and finds what it has done.
 *
 * @param held - called each time it is held
 * @returns the failure that an operator gave up on; undefined when the work is done
 */
export async function holdUntilDone(
  { control, view }: FailoverRun,
  phase: BaseFailoverPhase,
  work: () => Promise<void>,
  held: (failure: FailureRecord) => Promise<void> = () => Promise.resolve(),
): Promise<FailureRecord | undefined> {
  for (;;) {
    view.enter(phase);
    try {
      await work();
      return undefined;
    } catch (error) {
      if (!(error instanceof StepFailed)) throw error;
      view.enter('held');
      await held(error.record);
      if (!(await control.untilRetryOrAbandon())) return error.record;
    }
  }
}
