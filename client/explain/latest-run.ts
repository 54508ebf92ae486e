import type { WorkflowExecutionDescription } from '@temporalio/client';
import type { FailoverRun, Failovers } from '../../database/failovers';
import type { ReplicationJob, ReplicationJobs } from '../../database/replication-jobs';
import {
  failBackWorkflowId,
  failoverWorkflowId,
  releaseWorkflowId,
  replicationWorkflowId,
  revertWorkflowId,
  type SourceVmKey,
} from '../../domain/names';
import type { TemporalAccess } from '../connect';
import { unlessNotFound } from '../status-parts';

/** The row that the database has of a run of any kind. */
export type RunRow = ReplicationJob | FailoverRun;

/** The run of a VM that began last: as Temporal describes it, as the database recorded it, or both. */
export interface LatestRun {
  readonly workflowId: string;
  readonly firstRunId: string;
  readonly description?: WorkflowExecutionDescription;
  readonly row?: RunRow;
}

/** Descriptions of the latest run of each kind that the VM may have. */
export async function describedRuns(
  { client }: TemporalAccess,
  vm: SourceVmKey,
): Promise<readonly WorkflowExecutionDescription[]> {
  const ids = [replicationWorkflowId, releaseWorkflowId, failoverWorkflowId, failBackWorkflowId, revertWorkflowId];
  const found = await Promise.all(
    ids.map((workflowId) => unlessNotFound(() => client.workflow.getHandle(workflowId(vm)).describe())),
  );
  return found.filter((description) => description !== undefined);
}

/** The latest replication or release, and the latest failover, failback or revert. */
export async function recordedRuns(
  records: { readonly jobs: Pick<ReplicationJobs, 'latestOfVm'>; readonly failovers: Pick<Failovers, 'list'> },
  vm: SourceVmKey,
): Promise<readonly RunRow[]> {
  const { site, sourceVmId, sourceId } = vm;
  const [job, failovers] = await Promise.all([
    records.jobs.latestOfVm(vm),
    records.failovers.list({ site, sourceVmId }),
  ]);
  const failover = failovers.find((run) => run.sourceId === sourceId);
  return [...(job === undefined ? [] : [job]), ...(failover === undefined ? [] : [failover])];
}

/** The run that is at work, else the one that began last; pure. */
export function latestRun(
  described: readonly WorkflowExecutionDescription[],
  rows: readonly RunRow[],
): LatestRun | undefined {
  const candidates = [
    ...described.map((description) => ({
      workflowId: description.workflowId,
      firstRunId: firstRunIdOf(description),
      running: description.status.name === 'RUNNING',
      startedAt: description.startTime.getTime(),
      description,
    })),
    ...rows.map(({ workflowId, firstRunId, startedAt }) => ({
      workflowId,
      firstRunId,
      running: false,
      startedAt: Date.parse(startedAt),
    })),
  ].sort((one, other) => other.startedAt - one.startedAt);
  const chosen = candidates.find(({ running }) => running) ?? candidates[0];
  if (chosen === undefined) return undefined;
  const { workflowId, firstRunId } = chosen;
  const description = described.find((each) => each.workflowId === workflowId && firstRunIdOf(each) === firstRunId);
  const row = rows.find((each) => each.workflowId === workflowId && each.firstRunId === firstRunId);
  return { workflowId, firstRunId, ...(description && { description }), ...(row && { row }) };
}

function firstRunIdOf({ raw, runId }: WorkflowExecutionDescription): string {
  const first = raw.workflowExecutionInfo?.firstRunId ?? '';
  return first === '' ? runId : first; // older servers do not say it
}
