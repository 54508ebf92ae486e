import type { Volume } from '../cloudstack/api';
import { isRefusal } from '../cloudstack/errors';
import type { FailoverVmRef } from '../domain/failover-io';
import type { ActivityRun } from './activity-run';
import { judgeAttachment } from '../site/judge-attachment';
import { whyNotOwnRoot } from './judge-root';
import { listScope } from './list-scope';
import { observeAttachment } from './observe-attachment';
import { isOurs } from './volumes-on-vm';
import type { VmWork } from './vm-work';

/** Where a root that a template made is, and whether it may be touched. */
export type RootAt =
  | { readonly at: 'gone' }
  | { readonly at: 'vm' | 'nowhere'; readonly volume: Volume }
  /** not to be touched */
  | { readonly at: 'elsewhere'; readonly why: string };

/**
 * Looks where the recorded root of a failover VM is, once nothing on it is pending.
 *
 * @throws job-pending
 */
export async function observeRoot(
  work: VmWork,
  run: ActivityRun,
  vm: FailoverVmRef,
  rootVolumeId: string,
): Promise<RootAt> {
  // It is no disk of the source VM; its key is that of none.
  const ref = { ...vm, diskKey: 0, volumeId: rootVolumeId, volumeBytes: 0 };
  const seen = await observeAttachment(work, run, ref, vm.failoverVmId);
  if (seen.verdict === 'gone') return { at: 'gone' };
  if (seen.verdict === 'attached-elsewhere') {
    return { at: 'elsewhere', why: `it is attached to VM ${seen.vmId} (${seen.vmName})` };
  }
  const known = { inDatabase: await isOurs(work, rootVolumeId), recordedRoots: [rootVolumeId], machine: undefined };
  const why = whyNotOwnRoot(seen.volume, known);
  if (why !== undefined) return { at: 'elsewhere', why };
  return { at: seen.verdict === 'attached-here' ? 'vm' : 'nowhere', volume: seen.volume };
}

/**
 * Deletes a root that was recorded and is attached nowhere; proven by the listing.
 *
 * @returns why it is still listed, in CloudStack's words; undefined when it is gone
 */
export async function deleteRoot(
  work: VmWork,
  run: ActivityRun,
  vm: FailoverVmRef,
  rootVolumeId: string,
  effect: string,
): Promise<string | undefined> {
  let cause = 'it is still listed';
  try {
    await work.effect(effect, () => work.api.deleteVolume({ id: rootVolumeId }, { signal: run.signal }));
  } catch (error) {
    if (!isRefusal(error)) throw error;
    cause = error.text;
  }
  const listing = await work.api.listVolumes({ id: rootVolumeId, ...listScope(vm) }, { signal: run.signal });
  const { verdict } = judgeAttachment(listing, rootVolumeId, vm.failoverVmId);
  return verdict === 'gone' ? undefined : cause;
}
