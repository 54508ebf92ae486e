import type { Client } from '@temporalio/client';
import { taskQueues } from '../domain/names';

/** A workflow of ours that Temporal says is running. */
export interface OpenRun {
  readonly workflowId: string;
  readonly runId: string;
  readonly startedAt: string;
}

/** All workflows of ours that run, of every kind. Temporal's list may lag behind by a second. */
export async function openRuns(client: Client): Promise<OpenRun[]> {
  const runs: OpenRun[] = [];
  const query = `ExecutionStatus = 'Running' AND TaskQueue = '${taskQueues.main}'`;
  for await (const { workflowId, runId, startTime } of client.workflow.list({ query })) {
    runs.push({ workflowId, runId, startedAt: startTime.toISOString() });
  }
  return runs;
}
