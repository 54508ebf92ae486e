import type { Volume } from '../cloudstack/api';

/** Where a volume is, as CloudStack's listing shows it. */
export type Attachment =
  | { readonly verdict: 'gone' }
  /** a job on it is not final, or it is in a state that passes: nothing can be said yet */
  | { readonly verdict: 'pending'; readonly volume: Volume; readonly jobId: string }
  | { readonly verdict: 'attached-here'; readonly volume: Volume; readonly deviceId: number }
  | { readonly verdict: 'attached-elsewhere'; readonly volume: Volume; readonly vmId: string; readonly vmName: string }
  | { readonly verdict: 'detached'; readonly volume: Volume };

/**
 * Volume.java: states that end by themselves, or by the clean-up after a restart. There is no "Detaching" and no "Attached".
 * `Destroy` is not among them: such a volume is listed, belongs to nobody's VM, and can still be deleted.
 */
const passing: ReadonlySet<string> = new Set([
  'Creating',
  'Migrating',
  'Snapshotting',
  'RevertSnapshotting',
  'Resizing',
  'Attaching',
  'Expunging',
  'Destroying',
  'Copying',
  'Restoring',
  'Consolidating',
]);

/** Whether a state ends by itself, so that it is waited for. */
export function isPassing(state: string): boolean {
  return passing.has(state);
}

/**
 * Judges a listing of one volume, with respect to one VM. Shared by step, undo and doctor, so that all of them mean the same.
 * The listing decides; no job's status does.
 */
export function judgeAttachment(listing: readonly Volume[], volumeId: string, vmId: string): Attachment {
  const volume = listing.find((candidate) => candidate.id === volumeId);
  if (volume === undefined || volume.state === 'Expunged') return { verdict: 'gone' };
  if (volume.jobid !== undefined && volume.jobstatus === 0) return { verdict: 'pending', volume, jobId: volume.jobid };
  if (isPassing(volume.state)) return { verdict: 'pending', volume, jobId: volume.jobid ?? `state ${volume.state}` };
  if (volume.virtualmachineid === undefined) return { verdict: 'detached', volume };
  if (volume.virtualmachineid === vmId) {
    // The id is written with the VM; were it missing, any number would do, since it is never used to find a device.
    return { verdict: 'attached-here', volume, deviceId: volume.deviceid ?? 0 };
  }
  return {
    verdict: 'attached-elsewhere',
    volume,
    vmId: volume.virtualmachineid,
    vmName: volume.vmname ?? '?',
  };
}
