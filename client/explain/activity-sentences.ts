import type { FailoverStepName, FailoverUndoName } from '../../domain/failover-steps';
import type { StepName, UndoName } from '../../domain/steps';
import type { ActivityFact } from './history-facts';

type Named = StepName | UndoName | FailoverStepName | FailoverUndoName;

/** What an activity did, once it is done. */
const did: Readonly<Record<Named, string>> = {
  createVolume: 'made the volume',
  attachVolume: 'attached the volume to the appliance',
  resolveDevice: 'found the device on the appliance and proved it by its serial',
  mapDevice: 'recorded the mapping under its device path',
  beginCopy: 'marked the volume as holding data: from here on it is kept',
  openExport: 'opened the NBD export',
  copyDisk: 'copied the disk',
  verifyDisk: 'read the volume back: it agrees with its source',
  closeExport: 'closed the NBD export',
  unmapDevice: 'removed the mapping',
  detachVolume: 'detached the volume from the appliance',
  confirmDeviceGone: 'the appliance no longer shows the device',
  deleteVolume: 'deleted the volume',
  snapshotVolume: 'took a snapshot of the volume',
  completePoint: 'the recovery point is complete',
  restoreVolume: 'made a volume from the snapshot',
  quiesceSource: 'had the source stop writing',
  deployVm: 'made the failover VM, stopped',
  clearRoot: 'removed the root disk that the template gave the failover VM',
  attachToVm: 'attached the volume to the failover VM',
  mapToVm: 'recorded the mapping on the failover VM',
  prepareGuest: 'prepared the guest',
  startVm: 'started the failover VM',
  commitFailover: 'recorded that the VM is failed over',
  commitFailback: 'recorded that the VM is back from its failover',
  commitRevert: 'made the volumes of the recovery point the replicas',
  deleteSnapshot: 'deleted the snapshot',
  deleteRestoredVolume: 'deleted the volume that was made from the snapshot',
  resumeSource: 'let the source write again',
  removeVm: 'removed the failover VM',
  detachFromVm: 'took the volume off the failover VM',
  unmapFromVm: 'removed the mapping on the failover VM',
  stopVm: 'stopped the failover VM',
};

const didBeside: Readonly<Record<string, string>> = {
  claimVm: 'took the VM for this run',
  claimFailover: 'took the VM for this run',
  preflightSite: 'checked the site',
  preflightAppliance: 'checked the appliance and the sources',
  preflightFailover: 'checked the site and the appliance',
  planFailover: 'planned it',
  openPoint: 'began a recovery point, if one is needed',
  prunePoints: 'removed recovery points that are no longer kept',
  checkHealth: 'asked whether the VM is well',
  listReplicas: 'looked which replicas the VM has',
  enterLease: 'began the lease of the sandbox',
  endClaim: 'gave the VM free for other runs',
};

/** Activities that only keep the tables in step; the phases that they write are told by themselves. */
const silent: ReadonlySet<string> = new Set(['recordPhase', 'recordFailover']);

/** The sentence for an activity that has ended; nothing for one that only keeps the tables in step. */
export function activitySentence(fact: ActivityFact): string | undefined {
  const { activity, end, tries, failure } = fact;
  const disk = fact.diskKey === undefined ? '' : `disk ${String(fact.diskKey)}: `;
  if (end === 'failed') {
    return `${activity} failed${triesWords(tries)}: ${failure?.message ?? 'Temporal says no reason'}`;
  }
  if (silent.has(activity)) return undefined;
  if (end === 'stopped') return `${disk}${activity} was stopped`;
  return `${disk}${doneWords(fact)}${triesWords(tries)}${failure === undefined ? '' : `; before that: ${failure.message}`}`;
}

function doneWords({ activity, volumeId, created, outcome, reason }: ActivityFact): string {
  const because = reason === undefined ? '' : `: ${reason}`;
  if (outcome === 'kept') return `kept${because}`;
  if (outcome === 'nothing-to-undo') return `${activity}: there was nothing to take back${because}`;
  if (activity === 'createVolume' && created === false) return `took the volume that the disk has (${volumeId ?? '?'})`;
  const words: Readonly<Record<string, string>> = { ...did, ...didBeside };
  return `${words[activity] ?? `${activity} is done`}${volumeId === undefined || !named.has(activity) ? '' : ` (${volumeId})`}`;
}

/** Where the volume is worth naming: the other activities of a disk are about the same one. */
const named: ReadonlySet<string> = new Set([
  'createVolume',
  'restoreVolume',
  'detachVolume',
  'attachToVm',
  'detachFromVm',
]);

function triesWords(tries: number): string {
  return tries > 1 ? ` after ${String(tries)} tries` : '';
}
