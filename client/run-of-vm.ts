import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import {
  failBackWorkflowId,
  failoverWorkflowId,
  releaseWorkflowId,
  replicationWorkflowId,
  revertWorkflowId,
  type SourceVmKey,
} from '../domain/names';

/**
 * The workflow id that stands for a VM now: the running replication or release, else the one that began last; the
 * replication's when there is none. A claim keeps the two from running at the same time.
 */
export async function currentWorkflowId(temporal: Client, vm: SourceVmKey): Promise<string> {
  return await currentOf(temporal, [replicationWorkflowId(vm), releaseWorkflowId(vm)]);
}

/** The same for failovers: the running failover, failback or revert, else the one that began last. */
export async function currentFailoverWorkflowId(temporal: Client, vm: SourceVmKey): Promise<string> {
  return await currentOf(temporal, [failoverWorkflowId(vm), failBackWorkflowId(vm), revertWorkflowId(vm)]);
}

/** The first of the ids when none of them has had a run. */
async function currentOf(temporal: Client, workflowIds: readonly [string, ...string[]]): Promise<string> {
  const candidates = await Promise.all(
    workflowIds.map(async (workflowId) => {
      try {
        const { status, startTime } = await temporal.workflow.getHandle(workflowId).describe();
        return [{ workflowId, running: status.name === 'RUNNING', startedAt: startTime.getTime() }];
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return [];
        throw error;
      }
    }),
  );
  const known = candidates.flat();
  const latest = known.sort((one, other) => other.startedAt - one.startedAt)[0];
  return (known.find(({ running }) => running) ?? latest)?.workflowId ?? workflowIds[0];
}

/** Whether the latest run of a workflow id is at work; false when there is none. */
export async function isRunning(temporal: Client, workflowId: string): Promise<boolean> {
  try {
    return (await temporal.workflow.getHandle(workflowId).describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
