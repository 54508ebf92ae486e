import type { VirtualMachine } from '../cloudstack/api';

/** What a VM is doing, as CloudStack's listing shows it. */
export type VmState =
  /** not listed; a normal user is not shown destroyed VMs either */
  | { readonly verdict: 'gone' }
  /** a job on it is not final, or it is in a state that passes: nothing can be said yet */
  | { readonly verdict: 'pending'; readonly machine: VirtualMachine; readonly jobId: string }
  | {
      readonly verdict: 'running' | 'stopped' | 'destroyed' | 'error' | 'other';
      readonly machine: VirtualMachine;
    };

/** VirtualMachine.java: states that end by themselves, or by the clean-up after a restart. */
const passing: ReadonlySet<string> = new Set(['Starting', 'Stopping', 'Migrating', 'Restoring']);

const verdicts: ReadonlyMap<string, 'running' | 'stopped' | 'destroyed' | 'error'> = new Map([
  ['Running', 'running'],
  ['Stopped', 'stopped'],
  // Where CloudStack's names drift.
  ['Shutdown', 'stopped'],
  ['Destroyed', 'destroyed'],
  // Without a pending job an earlier expunge was cut off: such a VM is no more than a destroyed one, and can be expunged.
  ['Expunging', 'destroyed'],
  ['Error', 'error'],
]);

/** Judges a listing of one VM. The listing decides; no job's status does. */
export function judgeVm(listing: readonly VirtualMachine[], vmId: string): VmState {
  const machine = listing.find((candidate) => candidate.id === vmId);
  if (machine === undefined) return { verdict: 'gone' };
  const { state, jobid, jobstatus } = machine;
  if (jobid !== undefined && jobstatus === 0) return { verdict: 'pending', machine, jobId: jobid };
  if (passing.has(state)) return { verdict: 'pending', machine, jobId: jobid ?? `state ${state}` };
  return { verdict: verdicts.get(state) ?? 'other', machine };
}
