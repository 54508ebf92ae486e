import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { DiskferryFailure } from '../domain/failures';

/**
 * A failure as Temporal carries it: the code as type, the record as only detail. Server-side retries serve *unavailable* and
 * *outcome unknown* only, without limit, and those are benign: waiting is no fault. Everything else is for the workflow to count,
 * so the server must not retry it.
 */
export function toApplicationFailure(error: DiskferryFailure): ApplicationFailure {
  const { record } = error;
  const waits = record.class === 'unavailable' || record.class === 'unknown';
  return ApplicationFailure.create({
    message: record.message,
    type: record.code,
    nonRetryable: !waits,
    details: [record],
    ...(waits ? { category: ApplicationFailureCategory.BENIGN } : {}),
  });
}
