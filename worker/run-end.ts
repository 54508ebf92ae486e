import { type Client, WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import type { RunEnd } from '../domain/reconcile-io';

const ends = {
  COMPLETED: 'completed',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  TERMINATED: 'terminated',
  TIMED_OUT: 'timed out',
} as const satisfies Readonly<Record<string, RunEnd['how']>>;

/**
 * How the chain of runs that began with a run ended; undefined while it goes on. A reset or a continue-as-new gives the workflow
 * another run of the same chain; a new start gives it a chain of its own, and then the former one has ended.
 *
 * @throws what Temporal answers, but for "there is no such workflow"
 */
export async function endOfRun(client: Client, workflowId: string, firstRunId: string): Promise<RunEnd | undefined> {
  const latest = await describe(client, workflowId);
  const ofChain = latest?.firstRunId === firstRunId ? latest : await describe(client, workflowId, firstRunId);
  if (ofChain === undefined) return { how: 'unknown to Temporal' };
  if (ofChain.status === 'RUNNING') return undefined;
  const how = Object.entries(ends).find(([status]) => status === ofChain.status)?.[1] ?? 'unknown to Temporal';
  if (how !== 'completed' && how !== 'failed') return { how };
  try {
    return { how, result: await client.workflow.getHandle(workflowId, ofChain.runId).result() };
  } catch (error) {
    if (error instanceof WorkflowFailedError) return { how, cause: error.cause?.message ?? error.message };
    if (error instanceof WorkflowNotFoundError) return { how };
    throw error;
  }
}

async function describe(
  client: Client,
  workflowId: string,
  runId?: string,
): Promise<{ readonly runId: string; readonly firstRunId: string | undefined; readonly status: string } | undefined> {
  try {
    const { status, runId: found, raw } = await client.workflow.getHandle(workflowId, runId).describe();
    const firstRunId = raw.workflowExecutionInfo?.firstRunId;
    return { runId: found, status: status.name, firstRunId: firstRunId === '' ? undefined : (firstRunId ?? undefined) };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}
