import type { FailoverPhase } from '../domain/failover-phases';

/** What a failover, a failback or a revert does in a phase, for people. */
export const failoverPhaseWords: Readonly<Record<FailoverPhase, string>> = {
  preflight: 'finds out whether it can be done; nothing is changed yet',
  quiescing: 'has the source stop writing',
  syncing: 'the final sync: replicates once more',
  snapshotting: 'snapshots all disks: a recovery point, all or none',
  restoring: 'makes volumes from the snapshots',
  moving: 'takes the replicas off the appliance',
  deploying: 'makes the failover VM',
  attaching: 'attaches the disks to the failover VM',
  preparing: 'prepares the guest',
  awaiting_confirmation: 'waits for a person: the next step is the point of no return',
  starting: 'starts the failover VM',
  running: 'the sandbox is up',
  ending: 'removes the sandbox',
  ended: 'the sandbox is gone, nothing of it is left',
  failed_over: 'the VM runs from the replicas; they are no longer on the appliance',
  stopping: 'stops the failover VM and takes its disks off',
  returning: 'puts the replicas back on the appliance',
  returned: 'the replicas are on the appliance again, the failover VM is gone',
  reverted: 'the volumes made from the recovery point are the replicas now',
  refused: 'was refused before it began: nothing was changed, everything is as it was before',
  retrying: 'waits before it tries again',
  held: 'cannot go on by itself; nothing is taken back by machine',
  compensating: 'takes back what it made',
  rolled_back: 'failed and was taken back: everything is as it was before',
  cancelled: 'was cancelled and taken back: everything is as it was before',
  needs_attention: 'something cannot be taken back; its retries go on',
  abandoned: 'was given up; what is left stays recorded',
};

/** What a person can do about a phase, as commands behind `diskferry failover`; nothing where it goes on by itself. */
export function waysOn(phase: FailoverPhase, vm: string, quiescedBy: 'update' | 'unknown'): string[] {
  switch (phase) {
    case 'quiescing':
      return quiescedBy === 'update'
        ? [`say that the source writes no more: diskferry failover confirm ${vm} --quiesced`]
        : [];
    case 'awaiting_confirmation':
      return [
        `go on, beyond the point of no return: diskferry failover confirm ${vm}`,
        `take it back: diskferry failover cancel ${vm}`,
      ];
    case 'running':
      return [`longer: diskferry failover extend ${vm} --by 2h`, `remove it now: diskferry failover end ${vm}`];
    case 'retrying':
      return [`try now: diskferry failover retry ${vm}`];
    case 'held':
      return [
        `try again: diskferry failover retry ${vm}`,
        `end the run as it is, what is left stays recorded: diskferry failover abandon ${vm}`,
      ];
    case 'needs_attention':
      return [
        `try again: diskferry failover retry ${vm}`,
        `give it up, what is left stays recorded: diskferry failover abandon ${vm}`,
      ];
    case 'failed_over':
      return [`go back: diskferry failover back ${vm}`];
    default:
      return [];
  }
}
