import type { WorkflowExecutionDescription } from '@temporalio/client';
import { z } from 'zod';

/** What a run's memo says of the request that started it. */
const memoSchema = z.object({
  requestId: z.string(),
  requestDigest: z.string(),
  request: z.custom<object>((value) => typeof value === 'object' && value !== null).optional(),
});

export type RunMemo = z.output<typeof memoSchema>;

/** The memo of a run, or undefined when it was started by something else. */
export function memoOf(description: Pick<WorkflowExecutionDescription, 'memo'>): RunMemo | undefined {
  const memo = memoSchema.safeParse(description.memo);
  return memo.success ? memo.data : undefined;
}
