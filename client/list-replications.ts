import type { Client } from '@temporalio/client';
import { z } from 'zod';
import type { JobFilter } from '../database/replication-jobs';
import type { SourceVmKey } from '../domain/names';
import { releaseWorkflowId, replicationWorkflowId } from '../domain/names';
import type { ReplicationRecords } from './replication-records';

/** One run in a list. Without the database, `phase` is only Temporal's word: running, completed, failed, … */
export interface ListedReplication extends SourceVmKey {
  readonly workflowId: string;
  readonly runId: string;
  readonly vmName?: string;
  readonly applianceId?: string;
  readonly phase: string;
  readonly reason?: string;
  readonly startedAt: string;
  readonly endedAt?: string;
}

/** Which runs; phases only where the database is asked: Temporal knows none. */
export type ListFilter = JobFilter;

/** Runs, the latest first. */
export async function listReplications(
  temporal: Client,
  records: ReplicationRecords | undefined,
  filter: ListFilter,
): Promise<ListedReplication[]> {
  return records === undefined ? await listFromTemporal(temporal, filter) : await listFromDatabase(records, filter);
}

/** Runs as the database recorded them, the latest first. */
export async function listFromDatabase(records: ReplicationRecords, filter: ListFilter): Promise<ListedReplication[]> {
  return (await records.jobs.list(filter)).map((job) => ({
    site: job.site,
    sourceId: job.sourceId,
    sourceVmId: job.sourceVmId,
    workflowId: job.workflowId,
    runId: job.firstRunId,
    vmName: job.vmName,
    applianceId: job.applianceId,
    phase: job.phase,
    ...(job.reason !== undefined && { reason: job.reason }),
    startedAt: job.startedAt,
    ...(job.endedAt !== undefined && { endedAt: job.endedAt }),
  }));
}

/** Runs as Temporal lists them; its list may lag behind by a second. */
export async function listFromTemporal(temporal: Client, filter: ListFilter): Promise<ListedReplication[]> {
  const limit = filter.limit ?? 1000;
  const found: ListedReplication[] = [];
  const query = "WorkflowType IN ('replicateVm', 'releaseVm')";
  for await (const run of temporal.workflow.list({ query })) {
    const vm = vmOfWorkflowId(run.workflowId);
    if (vm === undefined || (filter.site !== undefined && vm.site !== filter.site)) continue;
    if (filter.sourceVmId !== undefined && vm.sourceVmId !== filter.sourceVmId) continue;
    const startedAt = run.startTime.toISOString();
    if (filter.startedBefore !== undefined && startedAt >= filter.startedBefore) continue;
    if (filter.startedAfter !== undefined && startedAt <= filter.startedAfter) continue;
    found.push({
      ...vm,
      ...requestOf(run.memo),
      workflowId: run.workflowId,
      runId: run.runId,
      phase: run.status.name.toLowerCase(),
      startedAt,
      ...(run.closeTime !== undefined && { endedAt: run.closeTime.toISOString() }),
    });
    if (found.length >= limit) break;
  }
  return found;
}

const memoSchema = z.object({ request: z.object({ appliance: z.string(), source: z.object({ name: z.string() }) }) });

function requestOf(memo: unknown): { vmName?: string; applianceId?: string } {
  const parsed = memoSchema.safeParse(memo);
  if (!parsed.success) return {};
  return { vmName: parsed.data.request.source.name, applianceId: parsed.data.request.appliance };
}

/** The VM that a workflow id of ours stands for. */
export function vmOfWorkflowId(workflowId: string): SourceVmKey | undefined {
  const [, site, sourceId, sourceVmId, ...rest] = workflowId.split('/');
  if (site === undefined || sourceId === undefined || sourceVmId === undefined || rest.length > 0) return undefined;
  const vm = { site, sourceId, sourceVmId };
  return [replicationWorkflowId(vm), releaseWorkflowId(vm)].includes(workflowId) ? vm : undefined;
}
