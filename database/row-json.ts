import type { z } from 'zod';
import { UnreadableRowError } from './errors';

/**
 * Reads a value that a row should hold.
 *
 * @throws UnreadableRowError that names table, row and what is wrong
 */
export function readValue<S extends z.ZodType>(table: string, key: string, schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => [issue.path.join('.'), issue.message].filter(Boolean).join(' '));
  throw new UnreadableRowError(table, key, problems.join('; '));
}

/** {@link readValue} of a JSON text. */
export function readJson<S extends z.ZodType>(table: string, key: string, schema: S, text: string): z.output<S> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UnreadableRowError(table, key, 'holds text that is no JSON');
  }
  return readValue(table, key, schema, value);
}
