import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, TemporalFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import { DiskferryFailure, failure, failureRecordSchema, type FailureRecord } from '../domain/failures';

/** The failure record that Temporal carries in an error, in its causes, or undefined. */
export function carriedRecord(error: unknown): FailureRecord | undefined {
  return carriedRecords(error)[0];
}

/** All records of the first error that carries any: what a run came to, and then what caused it. */
export function carriedRecords(error: unknown): FailureRecord[] {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (!(current instanceof ApplicationFailure)) continue;
    const records = (current.details ?? []).flatMap((detail) => {
      const parsed = failureRecordSchema.safeParse(detail);
      return parsed.success ? [parsed.data] : [];
    });
    if (records.length > 0) return records;
  }
  return [];
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
