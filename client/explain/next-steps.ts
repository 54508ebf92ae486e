import { failoverPhaseSchema } from '../../domain/failover-phases';
import { failureRecord, type FailureRecord } from '../../domain/failures';
import { waysOn } from '../failover-phase-words';
import { withNextFor } from '../failover-next';
import type { FailingCall } from './failing-call';
import type { HistoryFact } from './history-facts';

interface Seen {
  readonly run: 'replication' | 'failover';
  readonly vm: string;
  readonly phase: string;
  readonly execution: string | undefined;
  readonly facts: readonly HistoryFact[] | undefined;
  readonly failing: FailingCall | undefined;
  readonly unpolledQueues: readonly string[];
  readonly rowFailure: FailureRecord | undefined;
}

/** What a person does next, the first thing first. */
export function nextSteps(seen: Seen): string[] {
  const { run, vm, phase, failing, unpolledQueues, rowFailure } = seen;
  if (unpolledQueues.length > 0) return [`Start the worker: diskferry worker --queues ${unpolledQueues.join(',')}`];
  const end = seen.facts?.filter((fact) => fact.what === 'ended').at(-1);
  const how = end?.how ?? endings[seen.execution ?? ''];
  if (how === 'terminated' || how === 'timed out' || how === 'cancelled') {
    return [failureRecord('run-ended-outside', { vm, runId: '', how, cause: '' }).next];
  }
  const record = end?.records[0] ?? (seen.facts === undefined ? rowFailure : undefined);
  if (record !== undefined) return [withNextFor(record, run).next];
  const ways = run === 'failover' ? failoverWays(phase, vm) : replicationWays(phase, vm);
  const first = failing?.next !== undefined && stuck.has(phase) ? [failing.next] : [];
  return [...first, ...ways.filter((way) => !first.some((step) => step.includes(way)))];
}

const stuck: ReadonlySet<string> = new Set(['held', 'needs_attention', 'retrying']);

const endings: Readonly<Record<string, string>> = {
  TERMINATED: 'terminated',
  TIMED_OUT: 'timed out',
  CANCELLED: 'cancelled',
};

function failoverWays(phase: string, vm: string): string[] {
  const known = failoverPhaseSchema.safeParse(phase);
  const ways = known.success ? waysOn(known.data, vm, 'unknown') : [];
  return ways.length > 0 ? ways : [`Nothing. See it: diskferry failover status ${vm}`];
}

function replicationWays(phase: string, vm: string): string[] {
  switch (phase) {
    case 'replicated':
    case 'released':
      return ['Nothing: it is done.'];
    case 'cancelled':
    case 'rolled_back':
    case 'abandoned':
      return [`Replicate it anew: diskferry retry ${vm}`];
    case 'paused':
      return [`Go on: diskferry resume ${vm}`];
    case 'held':
      return [`Try again: diskferry retry ${vm}`, `Stop it, volumes with data are kept: diskferry cancel ${vm}`];
    case 'needs_attention':
      return [`Try again: diskferry retry ${vm}`, `Give it up, what is left stays recorded: diskferry abandon ${vm}`];
    case 'retrying':
      return [`Nothing: it tries again by itself. At once: diskferry retry ${vm}`];
    default:
      return [`Nothing: it goes on by itself. Follow it: diskferry watch ${vm}`];
  }
}
