import { randomUUID } from 'node:crypto';
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowExecutionDescription,
} from '@temporalio/client';
import { failure } from '../domain/failures';
import { replicationWorkflowId, sourceVmPath, taskQueues, type SourceVmKey } from '../domain/names';
import type { ReplicationRequest } from '../domain/request';
import { stateQuery } from '../workflows/messages';
import type { ReplicateVmInput } from '../workflows/inputs';
import type { ReplicationRecords } from './replication-records';
import { canonicalRequest, requestDigest } from './request-digest';
import { requestDifferences } from './request-differences';
import { memoOf, type RunMemo } from './run-memo';
import { missingSearchAttributes, startSearchAttributes } from './search-attributes';

/** What became of a start. */
export interface StartedReplication {
  /** `started` now; `running`: the same request is at work already; `ended`: this request id has had its run */
  readonly outcome: 'started' | 'running' | 'ended';
  readonly vm: SourceVmKey;
  readonly workflowId: string;
  /** run id of the first execution */
  readonly runId: string;
  readonly requestId: string;
}

interface KnownRun {
  readonly runId: string;
  readonly running: boolean;
  readonly memo: RunMemo | undefined;
}

/** Who may be asked about earlier runs: Temporal, and the database where there is one. */
export interface StartServices {
  readonly temporal: Client;
  readonly records: Pick<ReplicationRecords, 'jobs'> | undefined;
}

/**
 * Starts the replication that a request asks for, once, however often it is sent. Conflict policy FAIL: USE_EXISTING would give
 * back the run of a *different* request without a sign (reference: temporal.md §9).
 *
 * @throws DiskferryFailure `request-differs` or `request-id-used`; retrying does not help
 */
export async function startReplication(
  services: StartServices,
  request: ReplicationRequest,
): Promise<StartedReplication> {
  const vm = { site: request.site, sourceId: request.source.id, sourceVmId: request.source.vm };
  const digest = requestDigest(request);
  if (request.requestId !== undefined) {
    const earlier = await runOfRequestId(services, vm, request, request.requestId, digest);
    if (earlier !== undefined) return earlier;
  }
  const requestId = request.requestId ?? randomUUID();
  const workflowId = replicationWorkflowId(vm);
  const searchAttributes = (await missingSearchAttributes(services.temporal)).length === 0;
  const input: ReplicateVmInput = { request: { ...request, requestId }, requestDigest: digest, searchAttributes };
  try {
    const handle = await services.temporal.workflow.start('replicateVm', {
      workflowId,
      taskQueue: taskQueues.main,
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      args: [input],
      memo: { requestId, requestDigest: digest, request: canonicalRequest(request) },
      staticSummary: `Replicate ${request.source.name} to ${request.site}`,
      ...(searchAttributes && { typedSearchAttributes: startSearchAttributes(vm, 'preflight') }),
    });
    return { outcome: 'started', vm, workflowId, runId: handle.firstExecutionRunId, requestId };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return await joinRunning(services, vm, request, digest);
  }
}

/** The run that this request id has had, in the database's words or in Temporal's; undefined when it is new. */
async function runOfRequestId(
  services: StartServices,
  vm: SourceVmKey,
  request: ReplicationRequest,
  requestId: string,
  digest: string,
): Promise<StartedReplication | undefined> {
  const workflowId = replicationWorkflowId(vm);
  const job = await services.records?.jobs.byRequestId(requestId);
  const run = await knownRun(services.temporal, workflowId, job?.firstRunId);
  const recordedDigest =
    job?.requestDigest ?? (run?.memo?.requestId === requestId ? run.memo.requestDigest : undefined);
  if (recordedDigest === undefined) return undefined;
  if (recordedDigest !== digest) {
    const differences =
      run?.memo?.request === undefined
        ? 'the content of the two is not the same'
        : requestDifferences(run.memo.request, canonicalRequest(request)).join('; ');
    throw failure('request-id-used', { requestId, vm: sourceVmPath(vm), differences });
  }
  return {
    outcome: run?.running === true ? 'running' : 'ended',
    vm,
    workflowId,
    runId: job?.firstRunId ?? run?.runId ?? '',
    requestId,
  };
}

/** Joins the run that holds the workflow id if it does what is asked; names it and the difference otherwise. */
async function joinRunning(
  services: StartServices,
  vm: SourceVmKey,
  request: ReplicationRequest,
  digest: string,
): Promise<StartedReplication> {
  const workflowId = replicationWorkflowId(vm);
  const run = await knownRun(services.temporal, workflowId, undefined);
  // It closed between the two calls: the next try finds the way free.
  if (run?.running !== true) return await startReplication(services, request);
  const { memo } = run;
  const sameId = request.requestId === undefined || memo?.requestId === request.requestId;
  if (memo !== undefined && sameId && memo.requestDigest === digest) {
    return { outcome: 'running', vm, workflowId, runId: run.runId, requestId: memo.requestId };
  }
  const differences = [
    ...(sameId ? [] : [`requestId is ${memo?.requestId ?? 'not set'} there, ${request.requestId ?? 'not set'} here`]),
    ...(memo?.request === undefined ? [] : requestDifferences(memo.request, canonicalRequest(request))),
  ];
  throw failure('request-differs', {
    vm: sourceVmPath(vm),
    holder: workflowId,
    runId: run.runId,
    phase: await phaseOf(services.temporal, workflowId),
    differences: differences.join('; ') || 'its content',
  });
}

async function knownRun(
  temporal: Client,
  workflowId: string,
  runId: string | undefined,
): Promise<KnownRun | undefined> {
  let description: WorkflowExecutionDescription;
  try {
    description = await temporal.workflow.getHandle(workflowId, runId).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
  return {
    runId: description.raw.workflowExecutionInfo?.firstRunId ?? description.runId,
    running: description.status.name === 'RUNNING',
    memo: memoOf(description),
  };
}

/** What the run does, as far as it answers within 3 s: a query needs a live worker. */
async function phaseOf(temporal: Client, workflowId: string): Promise<string> {
  try {
    const state = await temporal.withDeadline(Date.now() + 3000, () =>
      temporal.workflow.getHandle(workflowId).query(stateQuery),
    );
    return state.phase;
  } catch {
    return 'not known: no worker answers';
  }
}
