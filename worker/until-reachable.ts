import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { DiskferryFailure } from '../domain/failures';
import type { WorkerHealth } from './health';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/**
 * Repeats what a worker cannot start without, for as long as nobody answers, saying each time who does not and why. A worker that
 * gave up would only be started again by whoever watches it.
 *
 * @throws what is no failure of class `unavailable`
 */
export async function untilReachable<T>(log: Logger, health: WorkerHealth, attempt: () => Promise<T>): Promise<T> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof DiskferryFailure) || error.failureClass !== 'unavailable') throw error;
      health.reason = error.message;
      log.warn({ code: error.code, tryAgainMs: pauseMs }, error.message);
      await sleep(pauseMs);
    }
  }
}
