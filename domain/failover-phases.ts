import { z } from 'zod';

/** What a failover, a failback or a revert is doing now. */
export const failoverPhaseSchema = z.enum([
  'preflight',
  /** the source is being stopped from writing */
  'quiescing',
  /** the final sync: a replication of its own */
  'syncing',
  'snapshotting',
  /** volumes are made from snapshots */
  'restoring',
  /** replicas leave the appliance */
  'moving',
  'deploying',
  'attaching',
  'preparing',
  'awaiting_confirmation',
  'starting',
  /** a test: the sandbox is up, its lease runs */
  'running',
  /** a test: the sandbox is being removed */
  'ending',
  'ended',
  'failed_over',
  /** a failback: the VM is being stopped, its disks taken off */
  'stopping',
  /** replicas go back to the appliance */
  'returning',
  'returned',
  'reverted',
  /** it could not be begun: nothing was changed, and what was before goes on */
  'refused',
  'retrying',
  /** a live failover beyond its point of no return that cannot go on by itself */
  'held',
  'compensating',
  'rolled_back',
  'cancelled',
  'needs_attention',
  'abandoned',
]);
export type FailoverPhase = z.output<typeof failoverPhaseSchema>;

/** Phases in which a run has ended. */
export const finalFailoverPhases: ReadonlySet<FailoverPhase> = new Set([
  'ended',
  'failed_over',
  'returned',
  'reverted',
  'refused',
  'rolled_back',
  'cancelled',
  'abandoned',
]);

const phases = (...names: FailoverPhase[]): ReadonlySet<FailoverPhase> => new Set(names);
/** From anywhere that works before the point of no return. */
const aside = ['retrying', 'compensating'] as const satisfies readonly FailoverPhase[];

/** Which phase may follow which. `retrying` goes back to where it came from. */
export const failoverTransitions: Readonly<Record<FailoverPhase, ReadonlySet<FailoverPhase>>> = {
  preflight: phases('quiescing', 'syncing', 'snapshotting', 'restoring', 'stopping', 'refused', ...aside),
  quiescing: phases('preflight', 'syncing', 'snapshotting', ...aside),
  syncing: phases('preflight', 'snapshotting', ...aside),
  snapshotting: phases('restoring', 'preparing', 'deploying', 'moving', 'returning', 'stopping', ...aside),
  restoring: phases('preparing', 'moving', 'deploying', ...aside),
  moving: phases('deploying', 'attaching', 'returning', 'preparing', ...aside),
  deploying: phases('attaching', 'moving', ...aside),
  attaching: phases('preparing', 'awaiting_confirmation', 'starting', ...aside),
  preparing: phases('deploying', 'moving', 'attaching', 'awaiting_confirmation', 'starting', ...aside),
  awaiting_confirmation: phases('starting', 'compensating'),
  starting: phases('running', 'failed_over', 'held', ...aside),
  running: phases('ending', 'needs_attention'),
  ending: phases('ended', 'needs_attention'),
  stopping: phases('snapshotting', 'returning', 'held', ...aside),
  returning: phases('returned', 'reverted', 'held', ...aside),
  held: phases('starting', 'stopping', 'returning', 'failed_over', 'retrying', 'compensating', 'abandoned'),
  retrying: phases(
    'preflight',
    'quiescing',
    'syncing',
    'snapshotting',
    'restoring',
    'moving',
    'deploying',
    'attaching',
    'preparing',
    'starting',
    'stopping',
    'returning',
    'held',
    'failed_over',
    'running',
    'refused',
    ...aside,
  ),
  compensating: phases('rolled_back', 'cancelled', 'needs_attention'),
  needs_attention: phases('compensating', 'ending', 'ended', 'rolled_back', 'cancelled', 'abandoned', 'running'),
  ended: phases(),
  failed_over: phases(),
  returned: phases(),
  reverted: phases(),
  refused: phases(),
  rolled_back: phases(),
  cancelled: phases(),
  abandoned: phases(),
};

/** Whether a run may go from one phase to another. */
export function mayFollowInFailover(from: FailoverPhase, to: FailoverPhase): boolean {
  return from === to || failoverTransitions[from].has(to);
}
