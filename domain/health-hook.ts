import type { UndoRow } from './steps';

/** The health hook: it owes nothing, and like a step it may be cut off. */
export const healthHook: UndoRow = {
  does: 'asks the health hook whether the failover VM does what it is for, until it says so or the time is up',
  provenBy: 'exit code 0',
  queue: 'site',
  effects: ['runHook.run'],
  failures: ['hook-failed', 'hook-unknown'],
};
