import type { Client } from '@temporalio/client';
import { optionalTsToDate } from '@temporalio/common/lib/time';
import { temporal } from '@temporalio/proto';

/** A poll is held open for at most a minute, so a worker that has not polled for longer is gone (the server lists it for five). */
const POLL_IS_STALE_AFTER_MS = 75_000;

/**
 * Whether any worker polls a task queue for workflow or activity tasks. A worker that was killed still counts for about a
 * minute.
 */
export async function isPolled(client: Client, taskQueue: string, kind: 'workflow' | 'activity'): Promise<boolean> {
  const types = temporal.api.enums.v1.TaskQueueType;
  const answer = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: kind === 'workflow' ? types.TASK_QUEUE_TYPE_WORKFLOW : types.TASK_QUEUE_TYPE_ACTIVITY,
  });
  const oldest = Date.now() - POLL_IS_STALE_AFTER_MS;
  return answer.pollers.some((poller) => (optionalTsToDate(poller.lastAccessTime)?.getTime() ?? 0) > oldest);
}
