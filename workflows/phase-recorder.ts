import { CancellationScope, log } from '@temporalio/workflow';
import type { FailureRecord } from '../domain/failures';
import type { Phase } from '../domain/phases';
import type { RecordPhaseInput, VmRef } from '../domain/step-io';
import type { RunActivities } from './activities';

/**
 * Keeps the job table, a projection for people and SQL, in step with the run without holding the work up: one write at a time,
 * only the latest phase waits for its turn. A projection that cannot be written never fails a run.
 */
export class PhaseRecorder {
  #next: RecordPhaseInput | undefined;
  #writing: Promise<void> | undefined;

  constructor(
    private readonly activities: RunActivities,
    private readonly vm: VmRef,
  ) {}

  record(phase: Phase, reason: string | undefined, failure: FailureRecord | undefined): void {
    this.#next = {
      ...this.vm,
      phase,
      ...(reason === undefined ? {} : { reason }),
      ...(failure === undefined ? {} : { failure }),
    };
    this.#writing ??= this.#drain();
  }

  /** Writes the run's end, after whatever is being written. */
  async end(
    phase: Phase,
    result: Record<string, unknown> | undefined,
    failure: FailureRecord | undefined,
  ): Promise<void> {
    this.#next = undefined;
    await this.#writing;
    await this.#write({
      ...this.vm,
      phase,
      ...(result === undefined ? {} : { result }),
      ...(failure === undefined ? {} : { failure }),
    });
  }

  async #drain(): Promise<void> {
    while (this.#next !== undefined) {
      const input = this.#next;
      this.#next = undefined;
      await this.#write(input);
    }
    this.#writing = undefined;
  }

  async #write(input: RecordPhaseInput): Promise<void> {
    try {
      await CancellationScope.nonCancellable(() => this.activities.recordPhase(input));
    } catch (error) {
      log.warn('the job table could not be brought up to date', { phase: input.phase, error: String(error) });
    }
  }
}
