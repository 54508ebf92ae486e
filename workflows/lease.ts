import { condition, patched } from '@temporalio/workflow';
import { milliseconds } from '../domain/duration';
import { defaultReminder } from '../domain/failover-request';

/**
 * How long the sandbox of a test lives. A durable timer: it ends whatever has become of the one who started the test, and of every
 * worker that was there then.
 */
export class Lease {
  readonly #reminderMs: number;
  readonly #stopped: () => boolean;
  #until: number;
  #ended = false;

  /** @param stopped - whether the run was asked to stop, which ends the lease as well */
  constructor(from: Date, lease: string, reminder: string, stopped: () => boolean) {
    const leaseMs = milliseconds(lease);
    this.#until = from.getTime() + leaseMs;
    // A lease of an hour would else be said to end soon at its very beginning.
    const atMost = reminder === defaultReminder && patched('reminder-of-a-short-lease') ? leaseMs / 4 : Infinity;
    this.#reminderMs = Math.min(milliseconds(reminder), atMost);
    this.#stopped = stopped;
  }

  until(): string {
    return new Date(this.#until).toISOString();
  }

  /** Another end. */
  extendTo(until: Date): void {
    this.#until = until.getTime();
  }

  /** The sandbox is wanted no longer. */
  end(): void {
    this.#ended = true;
  }

  /**
   * Waits until the lease is over.
   *
   * @param remind - called with true when the end is as near as the reminder asks, with false when it was put off
   */
  async over(remind: (soon: boolean) => void): Promise<void> {
    let reminded = false;
    while (!this.#ended && !this.#stopped()) {
      const until = this.#until;
      const now = Date.now();
      if (now >= until) return;
      const soon = until - now <= this.#reminderMs;
      if (soon !== reminded) {
        reminded = soon;
        remind(soon);
      }
      const next = soon ? until : until - this.#reminderMs;
      await condition(() => this.#ended || this.#stopped() || this.#until !== until, Math.max(1, next - now));
    }
  }
}
