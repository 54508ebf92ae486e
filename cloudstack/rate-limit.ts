import type { Clock } from './clock';

/** Lets a bounded number of requests per second through, in the order in which they asked. */
export interface RateLimit {
  /** Waits for a turn; rejects with the signal's reason when it is aborted first. */
  turn(signal?: AbortSignal): Promise<void>;
  /** Gives no turn for the next milliseconds: the server said that the account has reached its limit. */
  holdOff(milliseconds: number): void;
}

/** Longest time for which one answer of the server can hold back all requests, in milliseconds. */
const longestHoldOff = 30_000;

/**
 * Counts like CloudStack's own limiter (so many requests in any interval, bursts allowed), so a limit set to the server's
 * `api.throttling.max` per second is never exceeded and never wasted. Undefined: no limit of our own.
 */
export function createRateLimit(requestsPerSecond: number | undefined, clock: Pick<Clock, 'sleep'>): RateLimit {
  const size = Math.max(1, Math.floor(requestsPerSecond ?? 1));
  const interval = requestsPerSecond === undefined ? 0 : (size / requestsPerSecond) * 1000;
  const turns: number[] = [];
  let heldUntil = 0;

  return {
    async turn(signal) {
      signal?.throwIfAborted();
      const now = performance.now();
      const oldest = turns.length >= size ? turns.shift() : undefined;
      const at = Math.max(now, heldUntil, turns.at(-1) ?? 0, oldest === undefined ? 0 : oldest + interval);
      turns.push(at);
      if (at > now) await clock.sleep(at - now, signal);
    },
    holdOff(milliseconds) {
      heldUntil = Math.max(heldUntil, performance.now() + Math.min(milliseconds, longestHoldOff));
    },
  };
}
