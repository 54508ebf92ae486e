import type { FailureRecord } from '../../domain/failures';
import { sourceVmPath, type SourceVmKey } from '../../domain/names';
import { isFailoverWorkflowId } from '../failover-next';
import type { PendingActivity } from '../pending-activities';
import { valueOf, type Part } from '../status-parts';
import { failingCall, type FailingCall } from './failing-call';
import type { HistoryFact } from './history-facts';
import { nextSteps } from './next-steps';
import type { Operation } from './operation-sentences';
import { takenBackSentences, timelineOf, type TimelineEntry } from './timeline';

/** What was found of a VM's latest run, each part asked on its own. */
export interface ExplanationParts {
  readonly vm: SourceVmKey;
  readonly workflowId: string;
  readonly runId?: string;
  /** Temporal's word: RUNNING, COMPLETED, FAILED, TERMINATED, … */
  readonly execution?: string;
  /** the row that the database has of this run */
  readonly row?: { readonly vmName: string; readonly phase: string; readonly failure?: FailureRecord };
  readonly facts: Part<readonly HistoryFact[]>;
  /** of this run, oldest first */
  readonly operations: Part<readonly Operation[]>;
  readonly pending: readonly PendingActivity[];
  /** task queues that something waits on and that nobody polls */
  readonly unpolledQueues: readonly string[];
  /** what else could not be found out, in sentences */
  readonly missing: readonly string[];
}

/** What happened to a VM in its latest run, and what to do; texts are not redacted yet. */
export interface Explanation {
  readonly vm: string;
  readonly vmName?: string;
  readonly workflowId: string;
  readonly runId?: string;
  readonly phase: string;
  readonly timeline: readonly TimelineEntry[];
  /** the call that fails, or that ended the run */
  readonly failing?: FailingCall;
  /** what was taken back, and what was kept instead and why */
  readonly takenBack: readonly string[];
  readonly waitsFor: readonly string[];
  readonly next: readonly string[];
  /** what could not be found out, in sentences */
  readonly missing: readonly string[];
}

/** Puts the parts together; pure. */
export function explain(parts: ExplanationParts): Explanation {
  const { vm, workflowId, runId, execution, row, pending, unpolledQueues } = parts;
  const run = isFailoverWorkflowId(workflowId) ? 'failover' : 'replication';
  const facts = valueOf(parts.facts);
  const operations = valueOf(parts.operations) ?? [];
  const lastPhase = facts?.filter((fact) => fact.what === 'phase').at(-1)?.phase;
  const phase = lastPhase ?? row?.phase ?? execution?.toLowerCase() ?? 'not known';
  const failing = failingCall({ facts, operations, pending, rowFailure: row?.failure });
  const seen = {
    run,
    vm: sourceVmPath(vm),
    phase,
    execution,
    facts,
    failing,
    unpolledQueues,
    rowFailure: row?.failure,
  } as const;
  return {
    vm: sourceVmPath(vm),
    ...(row !== undefined && { vmName: row.vmName }),
    workflowId,
    ...(runId !== undefined && { runId }),
    phase,
    timeline: timelineOf(facts, operations, run),
    ...(failing !== undefined && { failing }),
    takenBack: takenBackSentences(facts ?? []),
    waitsFor: [
      ...pending.flatMap(({ activity, attempt, lastFailure }) =>
        lastFailure === undefined ? [] : [`${activity}, try ${String(attempt)}: ${lastFailure}`],
      ),
      ...unpolledQueues.map((queue) => `a worker: nobody polls ${queue}`),
    ],
    next: nextSteps(seen),
    missing: [
      ...[parts.facts, parts.operations].flatMap((part) => ('missing' in part ? [part.missing] : [])),
      ...parts.missing,
    ],
  };
}
