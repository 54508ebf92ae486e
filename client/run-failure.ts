import { WorkflowFailedError } from '@temporalio/client';
import { TemporalFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import { DiskferryFailure, failure } from '../domain/failures';
import { carriedRecord } from '../temporal/carried-records';

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
