import type { ActivityRun } from './activity-run';
import type { Clock } from '../cloudstack/clock';

/** How long looks at the outside world are apart, in milliseconds. */
export interface Polling {
  readonly firstMs: number;
  readonly limitMs: number;
  /** pause before each of the two further looks at a job that CloudStack does not know: its request may still be on the way */
  readonly lookAgainMs: number;
  /** how long a pending CloudStack job is waited for before the wait is shown as a failure (and then goes on) */
  readonly pendingMs: number;
}

export const defaultPolling: Polling = { firstMs: 100, limitMs: 2_000, lookAgainMs: 1_500, pendingMs: 120_000 };

/**
 * Looks until there is an answer or the time is up. The pauses grow with the time waited (a thirtieth of it, between the limits), so
 * that waiting adds little to what is waited for; each look is a heartbeat.
 *
 * @param forMs - undefined answers are taken as final after this long; the last look comes after it
 */
export async function lookUntil<T>(
  deps: { readonly clock: Clock; readonly polling: Polling },
  run: ActivityRun,
  forMs: number,
  look: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const begun = deps.clock.now();
  for (;;) {
    run.signal.throwIfAborted();
    run.heartbeat();
    const waited = deps.clock.now() - begun;
    const answer = await look();
    if (answer !== undefined || waited >= forMs) return answer;
    const pause = Math.min(Math.max(waited / 30, deps.polling.firstMs), deps.polling.limitMs, forMs - waited);
    await deps.clock.sleep(Math.max(pause, 1), run.signal);
  }
}
