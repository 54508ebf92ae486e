import { metricMeter } from '@temporalio/workflow';

/**
 * Counts the phases of a run and how long it is in each, for the worker's metrics (worker/metrics-table.ts has the names). Temporal
 * records nothing of it during replay, and nothing of it is in the history.
 */
export class PhaseMetrics {
  readonly #entered = metricMeter.createCounter('diskferry_phases_total');
  readonly #seconds = metricMeter.createHistogram('diskferry_phase_seconds', 'float', 's');
  #phase: string;
  #since = Date.now();

  constructor(phase: string) {
    this.#phase = phase;
    this.#entered.add(1, { phase });
  }

  enter(phase: string): void {
    const now = Date.now();
    this.#seconds.record((now - this.#since) / 1000, { phase: this.#phase });
    this.#phase = phase;
    this.#since = now;
    this.#entered.add(1, { phase });
  }
}
