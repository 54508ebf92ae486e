import { Context } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { FailureClass } from '../domain/failure-table';
import { DiskferryFailure } from '../domain/failures';
import { type LogContext, placeOf, withLogContext } from './log-context';

/** How one try of an activity ended: done, by the class of its failure, stopped, or by a fault that the table does not know. */
export const activityOutcomes = [
  'done',
  'refused',
  'conflict',
  'failed',
  'unavailable',
  'unknown',
  'stopped',
  'fault',
] as const;
export type ActivityOutcome = (typeof activityOutcomes)[number];

/** Told of every try of every activity. */
export interface ActivityWatcher {
  began(activity: string, attempt: number, waitedSeconds: number): void;
  ended(activity: string, outcome: ActivityOutcome, seconds: number): void;
}

/** Gives what an activity logs its place, logs how each try ends and tells whoever counts. */
export function makeActivityObserver(log: Logger, watcher?: ActivityWatcher): ActivityInboundCallsInterceptor {
  return {
    async execute(
      input: ActivityExecuteInput,
      next: Next<ActivityInboundCallsInterceptor, 'execute'>,
    ): Promise<unknown> {
      const { activityType, activityId, attempt, workflowExecution, currentAttemptScheduledTimestampMs } =
        Context.current().info;
      const context: LogContext = {
        workflowId: workflowExecution?.workflowId ?? '',
        runId: workflowExecution?.runId ?? '',
        activity: activityType,
        attempt,
        ...placeOf(input.args[0]),
      };
      return await withLogContext(activityId, context, async () => {
        const began = performance.now();
        const ended = (outcome: ActivityOutcome) => {
          const milliseconds = performance.now() - began;
          watcher?.ended(activityType, outcome, milliseconds / 1000);
          return { outcome, milliseconds: Math.round(milliseconds) };
        };
        watcher?.began(activityType, attempt, Math.max(0, Date.now() - currentAttemptScheduledTimestampMs) / 1000);
        try {
          const output = await next(input);
          log.info({ ...placeOf(output), ...ended('done') }, `${activityType} is done`);
          return output;
        } catch (error) {
          const outcome = outcomeOf(error);
          const code = error instanceof DiskferryFailure ? { code: error.code } : {};
          const message = error instanceof Error ? error.message : String(error);
          log.warn({ ...ended(outcome), ...code }, `${activityType} ended as ${outcome}: ${message}`);
          throw error;
        }
      });
    },
  };
}

function outcomeOf(error: unknown): FailureClass | 'stopped' | 'fault' {
  if (error instanceof DiskferryFailure) return error.failureClass;
  return error instanceof CancelledFailure ? 'stopped' : 'fault';
}
