import { z } from 'zod';
import type { FailureRow } from './failure-table';
import { failureClassSchema, failureTable } from './failure-table';
import type { FailureClass } from './failure-table';

export type FailureCode = keyof typeof failureTable;

type Placeholders<T extends string> = T extends `${string}{${infer Field}}${infer Rest}`
  ? Field | Placeholders<Rest>
  : never;

/** The fields that a failure of this code must be given. */
export type FailureFields<C extends FailureCode> = Readonly<
  Record<
    Placeholders<(typeof failureTable)[C]['message']> | Placeholders<(typeof failureTable)[C]['next']>,
    string | number
  >
>;

/** A failure as it travels through Temporal, logs and `--json`. */
export const failureRecordSchema = z.object({
  code: z.enum(Object.keys(failureTable) as [FailureCode, ...FailureCode[]]),
  class: failureClassSchema,
  message: z.string(),
  next: z.string(),
  fields: z.record(z.string(), z.union([z.string(), z.number()])),
});
export type FailureRecord = z.output<typeof failureRecordSchema>;

/** An error of the table above. Its `name` is the code. */
export class DiskferryFailure extends Error {
  readonly record: FailureRecord;

  constructor(record: FailureRecord, options?: ErrorOptions) {
    super(record.message, options);
    this.name = record.code;
    this.record = record;
  }

  get code(): FailureCode {
    return this.record.code;
  }

  get failureClass(): FailureClass {
    return this.record.class;
  }
}

/** Makes the failure of a code, its message filled with the fields. */
export function failure<C extends FailureCode>(
  code: C,
  fields: FailureFields<C>,
  options?: ErrorOptions,
): DiskferryFailure {
  return new DiskferryFailure(failureRecord(code, fields), options);
}

/** Makes the plain record of a failure. */
export function failureRecord<C extends FailureCode>(code: C, fields: FailureFields<C>): FailureRecord {
  const row: FailureRow = failureTable[code];
  return {
    code,
    class: row.class,
    message: fill(row.message, fields),
    next: fill(row.next, fields),
    fields: { ...fields },
  };
}

/** The exit code of a failure: 1 a failed operation, 2 wrong usage. */
export function failureExitCode(code: FailureCode): 1 | 2 {
  return failureTable[code].exitCode;
}

function fill(template: string, fields: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{(\w+)\}/g, (placeholder, name: string) => {
    const value = fields[name];
    return value === undefined ? placeholder : String(value);
  });
}
