import { type Finding, finding } from '../../domain/findings';
import type { View } from '../view';

/** Task queues that nobody polls, and search attributes that are not registered. */
export function judgeTemporalSetUp({ temporal, site }: View): Finding[] {
  if (temporal === undefined) return [];
  const missing = temporal.missingSearchAttributes;
  return [
    ...temporal.queues
      .filter(({ polled }) => !polled)
      .map(({ name }) => finding('queue-unpolled', { site, subject: name }, { queue: name })),
    ...(missing.length === 0
      ? []
      : [finding('search-attributes-missing', { site, subject: 'temporal' }, { names: missing.join(', ') })]),
  ];
}
