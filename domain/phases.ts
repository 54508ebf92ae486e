import { z } from 'zod';

/** What a replication is doing now, never the last thing that succeeded (the older system's "provisioning" was the latter). */
export const phaseSchema = z.enum([
  'preflight',
  'provisioning',
  'copying',
  'verifying',
  'replicated',
  'retrying',
  'paused',
  'held',
  'compensating',
  'rolled_back',
  'cancelling',
  'cancelled',
  'needs_attention',
  'abandoned',
  'releasing',
  'released',
]);
export type Phase = z.output<typeof phaseSchema>;

/** Phases in which a run has ended. */
export const finalPhases: ReadonlySet<Phase> = new Set([
  'replicated',
  'rolled_back',
  'cancelled',
  'abandoned',
  'released',
]);

const aside: readonly Phase[] = ['retrying', 'paused', 'cancelling', 'compensating'];

/** Which phase may follow which. A pause or a failure may come from anywhere that works, and goes back to where it came from. */
export const phaseTransitions: Readonly<Record<Phase, ReadonlySet<Phase>>> = {
  preflight: new Set<Phase>(['provisioning', 'releasing', ...aside]),
  provisioning: new Set<Phase>(['copying', 'held', ...aside]),
  copying: new Set<Phase>(['verifying', 'replicated', 'held', ...aside]),
  verifying: new Set<Phase>(['copying', 'replicated', 'held', ...aside]),
  retrying: new Set<Phase>(['preflight', 'provisioning', 'copying', 'verifying', 'replicated', 'held', ...aside]),
  paused: new Set<Phase>(['preflight', 'provisioning', 'copying', 'verifying', 'replicated', 'held', ...aside]),
  held: new Set<Phase>(['provisioning', 'copying', 'verifying', 'replicated', ...aside]),
  compensating: new Set<Phase>([
    'provisioning',
    'retrying',
    'needs_attention',
    'rolled_back',
    'cancelling',
    'cancelled',
    'paused',
  ]),
  cancelling: new Set<Phase>(['cancelled', 'needs_attention']),
  needs_attention: new Set<Phase>([
    'compensating',
    'cancelling',
    'releasing',
    'rolled_back',
    'cancelled',
    'released',
    'abandoned',
  ]),
  replicated: new Set(),
  rolled_back: new Set(),
  cancelled: new Set(),
  abandoned: new Set(),
  releasing: new Set<Phase>(['released', 'needs_attention']),
  released: new Set(),
};

/** Whether a run may go from one phase to another. */
export function mayFollow(from: Phase, to: Phase): boolean {
  return from === to || phaseTransitions[from].has(to);
}
