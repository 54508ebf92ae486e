import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, TemporalFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import { DiskferryFailure, failure, failureRecordSchema, type FailureRecord } from '../domain/failures';

/** The failure record that Temporal carries in an error, in its causes, or undefined. */
export function carriedRecord(error: unknown): FailureRecord | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (!(current instanceof ApplicationFailure)) continue;
    const parsed = failureRecordSchema.safeParse(current.details?.[0]);
    if (parsed.success) return parsed.data;
  }
  return undefined;
}

/** The failure with which a run closed, made from what its `result()` threw; other errors come back as they are. */
export function closingFailure(error: unknown, vm: string, runId: string): unknown {
  if (!(error instanceof WorkflowFailedError)) return error;
  const record = carriedRecord(error);
  if (record !== undefined) return new DiskferryFailure(record, { cause: error });
  const how =
    error.cause instanceof TerminatedFailure
      ? 'terminated'
      : error.cause instanceof TimeoutFailure
        ? 'timed out'
        : error.cause instanceof TemporalFailure
          ? error.cause.name
          : 'closed';
  return failure(
    'run-ended-outside',
    { vm, runId, how, cause: error.cause?.message ?? error.message },
    { cause: error },
  );
}
