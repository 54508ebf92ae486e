import { randomUUID } from 'node:crypto';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { z } from 'zod';
import { type Inspection, inspectionSchema } from '../domain/doctor-io';
import { taskQueues } from '../domain/names';
import type { Survey } from '../database/survey';
import { type OpenRun, type RunEnd, runKey, type SeenAppliance, type Truth } from './truths';
import { parseHoldings } from '../site/holdings-schema';
import type { SiteHoldings } from '../site/read-holdings';
import { carriedRecord } from '../temporal/carried-records';
import { isPolled } from '../temporal/task-queue-pollers';

/** How long the answer of an inspection is waited for: longer than each appliance may take, in milliseconds. */
const INSPECTION_MS = 20_000;

/** How long a site's worker may take to list everything, in milliseconds. */
const EXAMINATION_MS = 70_000;

const OUR_TYPES = [
  'replicateVm',
  'releaseVm',
  'failOverVm',
  'failBackVm',
  'revertVm',
  'failOverGroup',
  'repairVm',
] as const;

/** Runs of ours that are open. Temporal's list may lag behind by a second. */
export async function readOpenRuns(temporal: Client): Promise<OpenRun[]> {
  const query = `ExecutionStatus = 'Running' AND WorkflowType IN (${OUR_TYPES.map((type) => `'${type}'`).join(', ')})`;
  const runs: OpenRun[] = [];
  for await (const { workflowId, runId, startTime, raw } of temporal.workflow.list({ query })) {
    const first = raw.firstRunId;
    const firstRunId = first === undefined || first === null || first === '' ? runId : first;
    runs.push({ workflowId, runId, firstRunId, since: startTime.toISOString() });
  }
  return runs;
}

/** What a run that the tables name is by now: open, or how it ended. The server's own record answers, not its list. */
export async function readRun(temporal: Client, workflowId: string, runId: string): Promise<OpenRun | RunEnd> {
  try {
    const { status, startTime, closeTime, raw } = await temporal.workflow.getHandle(workflowId, runId).describe();
    if (status.name === 'RUNNING') {
      const first = raw.workflowExecutionInfo?.firstRunId;
      return { workflowId, runId, firstRunId: first ?? runId, since: startTime.toISOString() };
    }
    const words = endWords[status.name] ?? `ended (${status.name.toLowerCase()})`;
    return { words: closeTime === undefined ? words : `${words} at ${closeTime.toISOString()}` };
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    return { words: 'is not known to Temporal (any more)' };
  }
}

const endWords: Readonly<Record<string, string>> = {
  COMPLETED: 'ended',
  FAILED: 'failed',
  CANCELLED: 'was cancelled',
  TERMINATED: 'was terminated',
  TIMED_OUT: 'timed out',
  CONTINUED_AS_NEW: 'went on as a new run',
};

/** Runs that the tables take for open, by {@link runKey}. */
export function namedRuns({ rows }: Survey): Map<string, { workflowId: string; runId: string }> {
  const runs = [
    ...[...rows.replication_jobs, ...rows.failovers]
      .filter(({ endedAt }) => endedAt === undefined)
      .map(({ workflowId, firstRunId }) => ({ workflowId, runId: firstRunId })),
    ...[...rows.volume_operations, ...rows.vm_operations]
      .filter(({ state }) => state === 'recorded')
      .map(({ workflowId, runId }) => ({ workflowId, runId })),
  ];
  return new Map(runs.map((run) => [runKey(run.workflowId, run.runId), run]));
}

/** Which of the task queues that a site needs are polled: the main one for workflows and activities. */
export async function readQueues(
  temporal: Client,
  site: string,
  applianceIds: readonly string[],
): Promise<{ name: string; polled: boolean }[]> {
  const { main } = taskQueues;
  const names = [
    taskQueues.site(site),
    ...applianceIds.flatMap((id) => [taskQueues.appliance(id), taskQueues.applianceCopy(id)]),
  ];
  const [workflows, ...activities] = await Promise.all([
    isPolled(temporal, main, 'workflow'),
    ...[main, ...names].map((name) => isPolled(temporal, name, 'activity')),
  ]);
  return [main, ...names].map((name, index) => ({
    name,
    polled: activities[index] === true && (name !== main || workflows),
  }));
}

/** Has the site's own worker list what CloudStack holds, for a machine that has not the keys. */
export async function examineByWorker(temporal: Client, site: string): Promise<Truth<SiteHoldings>> {
  try {
    const handle = await temporal.workflow.start('examineSite', {
      args: [{ site }],
      taskQueue: taskQueues.main,
      workflowId: `examine-site/${site}/${randomUUID()}`,
      workflowExecutionTimeout: '2 minutes',
    });
    return { known: parseHoldings(await temporal.withDeadline(Date.now() + EXAMINATION_MS, () => handle.result())) };
  } catch (error) {
    return { unknown: carriedRecord(error)?.message ?? (error instanceof Error ? error.message : String(error)) };
  }
}

/** Has the workers of the appliances look; those that nobody serves must not be among them. */
export async function inspect(
  temporal: Client,
  site: string,
  applianceIds: readonly string[],
): Promise<Map<string, Truth<SeenAppliance>>> {
  if (applianceIds.length === 0) return new Map();
  let inspections: Inspection[];
  try {
    const handle = await temporal.workflow.start('inspectAppliances', {
      args: [{ site, applianceIds }],
      taskQueue: taskQueues.main,
      workflowId: `inspect-appliances/${site}/${randomUUID()}`,
      workflowExecutionTimeout: '1 minute',
    });
    const answer: unknown = await temporal.withDeadline(Date.now() + INSPECTION_MS, () => handle.result());
    inspections = z.array(inspectionSchema).parse(answer);
  } catch (error) {
    const unknown = carriedRecord(error)?.message ?? (error instanceof Error ? error.message : String(error));
    return new Map(applianceIds.map((id) => [id, { unknown }]));
  }
  const answeredAt = new Date().toISOString();
  return new Map(
    inspections.map((inspection) => [
      inspection.applianceId,
      'sight' in inspection ? { known: { ...inspection.sight, answeredAt } } : { unknown: inspection.cause },
    ]),
  );
}
