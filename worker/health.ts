import { type Check, type CheckResult, kindsNeeded, measureAll } from './check';
import { jsonPage, type Page } from './http-pages';

/** How a worker process is: changed by whoever starts it, read by the health endpoint. */
export interface WorkerHealth {
  ready: boolean;
  /** why it is not ready, for people */
  reason?: string;
  /** what is measured once it runs */
  checks?: readonly Check[];
}

/** The body of `GET /ready`. */
export interface Readiness {
  readonly ready: boolean;
  /** everything that is wrong, in words; not there when nothing is */
  readonly reason?: string;
  /** ready, but something that work waits for does not answer */
  readonly degraded?: true;
  readonly checks: readonly CheckResult[];
}

/** A good answer is good for so long: whoever asks often must not load what is asked. */
const GOOD_FOR_MS = 2_000;

/** Measures how a worker is; those who ask at the same time share one measurement. */
export class ReadinessMeter {
  #measuring: Promise<Readiness> | undefined;

  constructor(private readonly health: Readonly<WorkerHealth>) {}

  measure(): Promise<Readiness> {
    this.#measuring ??= this.#once();
    return this.#measuring;
  }

  async #once(): Promise<Readiness> {
    const readiness = await this.#look();
    const good = readiness.ready && readiness.degraded === undefined;
    if (good) setTimeout(() => (this.#measuring = undefined), GOOD_FOR_MS).unref();
    else this.#measuring = undefined;
    return readiness;
  }

  async #look(): Promise<Readiness> {
    const { ready, reason, checks = [] } = this.health;
    if (!ready) return { ready, ...(reason !== undefined && { reason }), checks: [] };
    const results = await measureAll(checks);
    const wrong = results.filter(({ ok }) => !ok);
    if (wrong.length === 0) return { ready: true, checks: results };
    const words = wrong.map(({ name, evidence }) => `${name}: ${evidence}`).join('; ');
    const down = wrong.some(({ kind }) => kindsNeeded.has(kind));
    return { ready: !down, reason: words, ...(!down && { degraded: true }), checks: results };
  }
}

/**
 * The pages of the health endpoint: `/health` (200 while the process answers) and `/ready`, which measures: 200 when the worker can
 * take work, 503 when not; the body names what is wrong either way.
 */
export function healthPages(meter: Pick<ReadinessMeter, 'measure'>): Readonly<Record<string, () => Promise<Page>>> {
  const began = Date.now();
  return {
    '/health': () =>
      Promise.resolve(jsonPage(200, { alive: true, upSeconds: Math.round((Date.now() - began) / 1000) })),
    '/ready': async () => {
      const readiness = await meter.measure();
      return jsonPage(readiness.ready ? 200 : 503, readiness);
    },
  };
}
