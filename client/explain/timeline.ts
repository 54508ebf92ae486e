import { activitySentence } from './activity-sentences';
import type { ActivityFact, HistoryFact } from './history-facts';
import { operationSentence, type Operation } from './operation-sentences';
import { phaseSentence } from './phase-sentences';

/** One line of what happened. */
export interface TimelineEntry {
  /** ISO time */
  readonly at: string;
  readonly from: 'history' | 'database';
  readonly text: string;
}

/**
 * What happened, oldest first. The operation rows tell the whole story only where there is no history; else they add what history
 * cannot say: that a call is not known to have ended, or that its answer was lost.
 */
export function timelineOf(
  facts: readonly HistoryFact[] | undefined,
  operations: readonly Operation[],
  run: 'replication' | 'failover',
): TimelineEntry[] {
  const told =
    facts === undefined ? operations : operations.filter(({ state, doubtful }) => state === 'recorded' || doubtful);
  const entries: TimelineEntry[] = [
    ...(facts ?? []).flatMap((fact) => {
      const text = factSentence(fact, run);
      return text === undefined ? [] : [{ at: fact.at, from: 'history' as const, text }];
    }),
    ...told.map((operation) => ({
      at: operation.updatedAt,
      from: 'database' as const,
      text: operationSentence(operation),
    })),
  ];
  return entries
    .sort((one, other) => Date.parse(one.at) - Date.parse(other.at))
    .filter((entry, index, all) => entry.text !== all[index - 1]?.text);
}

/** The undos of a run that went back, oldest first. */
export function takenBackSentences(facts: readonly HistoryFact[]): string[] {
  const turned = facts.findIndex((fact) => fact.what === 'phase' && goesBack.has(fact.phase));
  if (turned === -1) return [];
  return facts
    .slice(turned)
    .filter((fact): fact is ActivityFact => fact.what === 'activity')
    .filter(({ outcome }) => outcome === 'undone' || outcome === 'kept')
    .flatMap((fact) => activitySentence(fact) ?? []);
}

const goesBack: ReadonlySet<string> = new Set(['compensating', 'cancelling', 'ending', 'needs_attention']);

function factSentence(fact: HistoryFact, run: 'replication' | 'failover'): string | undefined {
  switch (fact.what) {
    case 'started':
      return 'the run began';
    case 'phase':
      return phaseSentence(fact.phase, run);
    case 'activity':
      return activitySentence(fact);
    case 'asked':
      return `somebody asked it: ${fact.update}`;
    case 'cancel-asked':
      return 'Temporal was asked to cancel the run';
    case 'ended':
      return `the run ended: ${fact.how}${fact.cause === undefined ? '' : `. ${fact.cause}`}`;
  }
}
