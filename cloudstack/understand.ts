import { z } from 'zod';
import { CloudStackError } from './errors';
import { lostKind, type Effect } from './judge-answer';
import type { SignedCalls } from './signed-calls';

/**
 * The content of an answer in the shape that is expected of it.
 *
 * @throws CloudStackError `unavailable` for a read, `outcome-unknown` for a change: it was sent, and what came back does not say
 *   what became of it
 */
export function understand<T>(
  calls: SignedCalls,
  command: string,
  effect: Effect,
  schema: z.ZodType<T>,
  content: unknown,
): T {
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  const problems = z.prettifyError(parsed.error).replaceAll(/\s+/g, ' ');
  throw new CloudStackError({
    kind: lostKind(effect),
    command,
    endpoint: calls.endpoint,
    text: `the answer is not as expected: ${problems}`,
  });
}
