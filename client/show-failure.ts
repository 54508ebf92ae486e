import { failureTable } from '../domain/failure-table';
import { DiskferryFailure, failureRecord, type FailureRecord } from '../domain/failures';

/**
 * A failure as the command line shows it, in text and in JSON. The order is always the same: what, which disk, volume and owner,
 * the cause in the other side's own words (all in the message), then what the system does itself and the next command.
 */

/** The text for people, several lines. */
export function failureText(record: FailureRecord): string {
  if (record.code === 'usage') return `${record.message}\n${record.next}`;
  return [
    `Error: ${record.message}`,
    `  class: ${record.class} (${record.code})`,
    `  Diskferry: ${failureTable[record.code].systemDoes}`,
    `  Next: ${record.next}`,
  ].join('\n');
}

/** The object that `--json` prints. */
export function failureJson(record: FailureRecord): { readonly error: FailureRecord & { readonly exitCode: number } } {
  return { error: { ...record, exitCode: failureTable[record.code].exitCode } };
}

/** The record of any error; what is no Diskferry failure is a fault in Diskferry. */
export function recordOf(error: unknown, where: string): FailureRecord {
  if (error instanceof DiskferryFailure) return error.record;
  const cause = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return failureRecord('internal', { where, cause });
}
