import type { CallWatcher } from '../cloudstack/watch-call';

/** When a site's CloudStack last answered this worker, and what came instead of an answer since. */
export class SiteAnswers {
  #answeredAt: number | undefined;
  #failing: string | undefined;

  constructor(private readonly now: () => number = Date.now) {}

  readonly watch: CallWatcher = ({ outcome, command, cause }) => {
    if (outcome === 'answered') {
      this.#answeredAt = this.now();
      this.#failing = undefined;
    } else {
      this.#failing = `${command}: ${cause ?? outcome}`;
    }
  };

  /** Seconds since the last answer, if nothing failed since; undefined when it has to be asked anew. */
  secondsSinceAnswer(): number | undefined {
    if (this.#failing !== undefined || this.#answeredAt === undefined) return undefined;
    return Math.round((this.now() - this.#answeredAt) / 1000);
  }
}
