import { DiskferryFailure } from '../domain/failures';
import {
  isGrpcDeadlineError,
  ServiceError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowExecutionDescription,
} from '@temporalio/client';
import { taskQueues } from '../domain/names';
import { queueOfActivity } from './activity-queues';
import type { PendingActivity } from './pending-activities';
import { isPolled } from '../temporal/task-queue-pollers';

/** What the statuses of all runs are put together from. */

/** A query needs a live worker; without one the server would let us wait half a minute. */
const QUERY_DEADLINE_MS = 3000;

/** One part of a status, or why it is not there. */
export type Part<T> = { readonly value: T } | { readonly missing: string };

export function valueOf<T>(part: Part<T>): T | undefined {
  return 'value' in part ? part.value : undefined;
}

/**
 * What an asking came to: its answer, or a sentence about why there is none.
 *
 * @throws DiskferryFailure `schema-foreign`: then the wrong database was asked, and what is left would say nothing
 */
export async function part<T>(name: string, ask: () => Promise<T>): Promise<Part<T>> {
  try {
    return { value: await ask() };
  } catch (error) {
    if (error instanceof DiskferryFailure && error.code === 'schema-foreign') throw error;
    return { missing: `${name}: ${reasonOf(error)}` };
  }
}

/** The state of a run by its query; undefined when there is no such run. */
export async function stateOf<State>(
  temporal: Client,
  workflowId: string,
  query = 'state',
): Promise<State | undefined> {
  return await temporal.withDeadline(Date.now() + QUERY_DEADLINE_MS, () =>
    unlessNotFound(() => temporal.workflow.getHandle(workflowId).query<State>(query)),
  );
}

export async function unlessNotFound<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/** Queues of activities that wait for a worker, and the workflow's own when it does not answer. */
export async function findUnpolledQueues(
  temporal: Client,
  site: string,
  seen: {
    readonly description: WorkflowExecutionDescription | undefined;
    readonly pending: readonly PendingActivity[];
    /** whether the workflow answered its query */
    readonly answers: boolean;
    readonly applianceId: string | undefined;
  },
): Promise<string[]> {
  if (seen.description?.status.name !== 'RUNNING') return [];
  const { applianceId } = seen;
  const queues = new Set(
    applianceId === undefined ? [] : seen.pending.map(({ activity }) => queueOfActivity(activity, site, applianceId)),
  );
  const unpolled: string[] = [];
  try {
    if (!seen.answers && !(await isPolled(temporal, taskQueues.main, 'workflow'))) {
      unpolled.push(taskQueues.main);
    }
    for (const queue of queues) {
      if (!unpolled.includes(queue) && !(await isPolled(temporal, queue, 'activity'))) unpolled.push(queue);
    }
  } catch {
    // Whether Temporal answers is said by the description; who polls is a hint on top of it.
  }
  return unpolled;
}

function reasonOf(error: unknown): string {
  const cause = error instanceof ServiceError ? error.cause : error;
  if (isGrpcDeadlineError(cause)) return `no worker answered within ${String(QUERY_DEADLINE_MS / 1000)} s`;
  return cause instanceof Error ? cause.message : String(cause);
}
