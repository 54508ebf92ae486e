import { Context } from '@temporalio/activity';
import type { ActivityRun } from '../activities/activity-run';

/** The run of the activity that is being executed, from Temporal's context. */
export function currentRun(): ActivityRun {
  const context = Context.current();
  const { workflowExecution, activityId } = context.info;
  if (workflowExecution === undefined) throw new Error('this activity was not started by a workflow');
  return {
    workflowId: workflowExecution.workflowId,
    runId: workflowExecution.runId,
    activityId,
    signal: context.cancellationSignal,
    heartbeat: (details) => {
      context.heartbeat(details);
    },
  };
}
