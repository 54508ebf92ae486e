import type { FailureRecord } from '../domain/failures';
import type { Phase } from '../domain/phases';
import type { RecordPhaseInput, VmRef } from '../domain/step-io';
import type { RunActivities } from './activities';
import { ProjectionWriter } from './projection-writer';

/** Keeps the job table in step with a replication or a release, without holding the work up. */
export class PhaseRecorder {
  readonly #writer: ProjectionWriter<RecordPhaseInput>;

  constructor(
    activities: RunActivities,
    private readonly vm: VmRef,
  ) {
    this.#writer = new ProjectionWriter((input) => activities.recordPhase(input));
  }

  record(phase: Phase, reason: string | undefined, failure: FailureRecord | undefined): void {
    this.#writer.record({
      ...this.vm,
      phase,
      ...(reason === undefined ? {} : { reason }),
      ...(failure === undefined ? {} : { failure }),
    });
  }

  /** Writes the run's end, after whatever is being written. */
  end(phase: Phase, result: Record<string, unknown> | undefined, failure: FailureRecord | undefined): Promise<void> {
    return this.#writer.end({
      ...this.vm,
      phase,
      ...(result === undefined ? {} : { result }),
      ...(failure === undefined ? {} : { failure }),
    });
  }
}
