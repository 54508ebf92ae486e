import { ActivityFailure, ApplicationFailure, ChildWorkflowFailure, isCancellation } from '@temporalio/workflow';
import { failureRecord, failureRecordSchema } from '../domain/failures';
import type { FailureRecord } from '../domain/failures';

/**
 * The failure record that the error of an activity or a child workflow carries. What carries none (a time-out, a bug in an activity) counts as `internal`,
 * class failed.
 */
export function failureOf(error: unknown, where: string): FailureRecord {
  const cause = error instanceof ActivityFailure || error instanceof ChildWorkflowFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) {
    const parsed = failureRecordSchema.safeParse(cause.details?.[0]);
    if (parsed.success) return parsed.data;
  }
  const text = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  return failureRecord('internal', { where, cause: text });
}

/** A step that will not be tried again within its run of attempts. */
export class StepFailed extends Error {
  constructor(
    readonly diskKey: number | undefined,
    readonly record: FailureRecord,
  ) {
    super(record.message);
    this.name = 'StepFailed';
  }
}

/** Another disk of the VM has failed for good, so this one begins nothing more. */
export class SiblingFailed extends Error {
  constructor() {
    super('another disk of the VM failed');
    this.name = 'SiblingFailed';
  }
}

/** The run was asked to stop. Thrown where work would have begun or gone on. */
export class Stopped extends Error {
  constructor() {
    super('the run was asked to stop');
    this.name = 'Stopped';
  }
}

/** An operator gave up what could not be undone. */
export class Abandoned extends Error {
  constructor() {
    super('the leftovers were abandoned');
    this.name = 'Abandoned';
  }
}

/** Whether an error is one that every catch must let through or handle as a stop, not as a failure of the step. */
export function isStop(error: unknown): boolean {
  return error instanceof Stopped || isCancellation(error);
}

/** The error that closes a run as Failed: typed by the failure's code, never retried. */
export function closingFailure(record: FailureRecord, cause?: FailureRecord): ApplicationFailure {
  return ApplicationFailure.nonRetryable(
    record.message,
    record.code,
    ...(cause === undefined ? [record] : [record, cause]),
  );
}
