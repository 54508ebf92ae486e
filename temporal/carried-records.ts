import { ApplicationFailure } from '@temporalio/common';
import { failureRecordSchema, type FailureRecord } from '../domain/failures';

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
