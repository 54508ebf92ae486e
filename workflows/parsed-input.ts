import type { z } from 'zod';
import { failureRecord } from '../domain/failures';
import { problemWords } from '../domain/problem-words';
import { describeProblems } from '../domain/request';
import { closingFailure } from './failure-of';

/**
 * A workflow's input, parsed where the workflow begins.
 *
 * @throws ApplicationFailure `request-invalid`, naming each field; retrying does not help
 */
export function parsedInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = schema.safeParse(input, { error: problemWords });
  if (parsed.success) return parsed.data;
  throw closingFailure(failureRecord('request-invalid', { problems: describeProblems(parsed.error).join('; ') }));
}
