import { phaseSchema, type Phase } from '../../domain/phases';
import { failoverPhaseSchema } from '../../domain/failover-phases';
import { failoverPhaseWords } from '../failover-phase-words';

/** What a replication or a release does in a phase, for people. */
const phaseWords: Readonly<Record<Phase, string>> = {
  preflight: 'finds out whether it can be done; nothing is made yet',
  provisioning: 'creates, attaches, finds and maps all disks',
  copying: 'copies; from here on nothing that holds data is taken back by machine',
  verifying: 'compares sources and volumes',
  replicated: 'all disks are copied and verified',
  retrying: 'waits before it tries again',
  paused: 'an operator had it pause',
  held: 'a disk cannot go on by itself; its volume is kept, and so are those of its siblings',
  compensating: 'takes back what it made',
  rolled_back: 'failed and was taken back: everything is as it was before',
  cancelling: 'stops, as it was asked to',
  cancelled: 'was cancelled',
  needs_attention: 'something cannot be taken back; its retries go on',
  abandoned: 'was given up; what is left stays recorded',
  releasing: 'takes the replicas off the appliance',
  released: 'the replicas are off the appliance',
};

/** A phase of a run, with what it means. */
export function phaseSentence(phase: string, run: 'replication' | 'failover'): string {
  const known = run === 'failover' ? failoverPhaseSchema.safeParse(phase) : phaseSchema.safeParse(phase);
  if (!known.success) return phase;
  const words: Readonly<Record<string, string>> = run === 'failover' ? failoverPhaseWords : phaseWords;
  return `${phase}: ${words[phase] ?? ''}`;
}
