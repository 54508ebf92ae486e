import { randomUUID } from 'node:crypto';
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowExecutionDescription,
} from '@temporalio/client';
import type { SearchAttributePair } from '@temporalio/common';
import { failure } from '../domain/failures';
import { taskQueues } from '../domain/names';
import { digestOf } from './request-digest';
import { memoOf, type RunMemo } from './run-memo';
import { missingSearchAttributes } from '../temporal/search-attributes';

/** What became of a start. */
export interface StartedRun {
  /** `started` now; `running`: the same request is at work already; `ended`: this request id has had its run */
  readonly outcome: 'started' | 'running' | 'ended';
  readonly workflowId: string;
  /** run id of the first execution */
  readonly runId: string;
  readonly requestId: string;
}

/** A request and the run that it asks for. */
export interface RunToStart<Request extends { readonly requestId?: string | undefined }> {
  readonly workflowType: string;
  readonly workflowId: string;
  /** the VM that it is about, as commands name it; a group's name for a group */
  readonly vm: string;
  /** parsed: its defaults are filled in */
  readonly request: Request;
  /** the request without what does not change its meaning */
  readonly canonical: object;
  readonly summary: string;
  readonly searchAttributes: readonly SearchAttributePair[];
  /** Where two canonical requests differ, in words. */
  readonly differences: (there: object, here: object) => string[];
  /** What the database recorded of a request id; undefined without one. */
  readonly recorded: (
    requestId: string,
  ) => Promise<{ readonly firstRunId: string; readonly requestDigest: string } | undefined>;
  /** the query that tells the phase; `state` when not given */
  readonly phaseQuery?: string;
  /** fields of the workflow's input beside request, requestDigest and searchAttributes */
  readonly furtherInput?: object;
}

interface KnownRun {
  readonly runId: string;
  readonly running: boolean;
  readonly memo: RunMemo | undefined;
}

/**
 * Starts the run that a request asks for, once, however often it is sent. Conflict policy FAIL: USE_EXISTING would give back the
 * run of a *different* request without a sign (reference: temporal.md §9).
 *
 * @throws DiskferryFailure `request-differs` or `request-id-used`; retrying does not help
 */
export async function startRun<Request extends { readonly requestId?: string | undefined }>(
  temporal: Client,
  run: RunToStart<Request>,
): Promise<StartedRun> {
  const { workflowId, request, canonical } = run;
  const digest = digestOf(canonical);
  if (request.requestId !== undefined) {
    const earlier = await runOfRequestId(temporal, run, request.requestId, digest);
    if (earlier !== undefined) return earlier;
  }
  const requestId = request.requestId ?? randomUUID();
  const searchAttributes = (await missingSearchAttributes(temporal)).length === 0;
  try {
    const handle = await temporal.workflow.start(run.workflowType, {
      workflowId,
      taskQueue: taskQueues.main,
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      args: [{ ...run.furtherInput, request: { ...request, requestId }, requestDigest: digest, searchAttributes }],
      memo: { requestId, requestDigest: digest, request: canonical },
      staticSummary: run.summary,
      ...(searchAttributes && { typedSearchAttributes: [...run.searchAttributes] }),
    });
    return { outcome: 'started', workflowId, runId: handle.firstExecutionRunId, requestId };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return await joinRunning(temporal, run, digest);
  }
}

/** The run that this request id has had, in the database's words or in Temporal's; undefined when it is new. */
async function runOfRequestId<Request extends { readonly requestId?: string | undefined }>(
  temporal: Client,
  { workflowId, vm, canonical, differences, recorded }: RunToStart<Request>,
  requestId: string,
  digest: string,
): Promise<StartedRun | undefined> {
  const row = await recorded(requestId);
  const run = await knownRun(temporal, workflowId, row?.firstRunId);
  const recordedDigest =
    row?.requestDigest ?? (run?.memo?.requestId === requestId ? run.memo.requestDigest : undefined);
  if (recordedDigest === undefined) return undefined;
  if (recordedDigest !== digest) {
    const words =
      run?.memo?.request === undefined
        ? 'the content of the two is not the same'
        : differences(run.memo.request, canonical).join('; ');
    throw failure('request-id-used', { requestId, vm, differences: words });
  }
  return {
    outcome: run?.running === true ? 'running' : 'ended',
    workflowId,
    runId: row?.firstRunId ?? run?.runId ?? '',
    requestId,
  };
}

/** Joins the run that holds the workflow id if it does what is asked; names it and the difference otherwise. */
async function joinRunning<Request extends { readonly requestId?: string | undefined }>(
  temporal: Client,
  toStart: RunToStart<Request>,
  digest: string,
): Promise<StartedRun> {
  const { workflowId, vm, request, canonical } = toStart;
  const run = await knownRun(temporal, workflowId, undefined);
  // It closed between the two calls: the next try finds the way free.
  if (run?.running !== true) return await startRun(temporal, toStart);
  const { memo } = run;
  const sameId = request.requestId === undefined || memo?.requestId === request.requestId;
  if (memo !== undefined && sameId && memo.requestDigest === digest) {
    return { outcome: 'running', workflowId, runId: run.runId, requestId: memo.requestId };
  }
  const differences = [
    ...(sameId ? [] : [`requestId is ${memo?.requestId ?? 'not set'} there, ${request.requestId ?? 'not set'} here`]),
    ...(memo?.request === undefined ? [] : toStart.differences(memo.request, canonical)),
  ];
  throw failure('request-differs', {
    vm,
    holder: workflowId,
    runId: run.runId,
    phase: await phaseOf(temporal, workflowId, toStart.phaseQuery ?? 'state'),
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

/** What the run does, as far as it answers within 3 s: a query needs a live worker. Every run of ours has a phase. */
async function phaseOf(temporal: Client, workflowId: string, query: string): Promise<string> {
  try {
    const state = await temporal.withDeadline(Date.now() + 3000, () =>
      temporal.workflow.getHandle(workflowId).query<{ phase: string }>(query),
    );
    return state.phase;
  } catch {
    return 'not known: no worker answers';
  }
}
