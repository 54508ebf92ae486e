import { failure } from '../domain/failures';
import type { VolumeRef } from '../domain/step-io';
import type { ActivityRun } from './activity-run';
import { listScope } from './list-scope';
import { type Attachment, judgeAttachment } from '../site/judge-attachment';
import { lookUntil } from './polling';
import type { VolumeWork } from './volume-work';

/** A verdict that stands: no job on the volume is pending. */
export type Settled = Exclude<Attachment, { verdict: 'pending' }>;

/** Lists the volume and judges where it is with respect to a VM, the appliance unless said otherwise, as things are now. */
export async function lookAtVolume(
  work: VolumeWork,
  run: ActivityRun,
  volume: VolumeRef,
  vmId: string = volume.applianceId,
): Promise<Attachment> {
  const listing = await work.api.listVolumes({ id: volume.volumeId, ...listScope(volume) }, { signal: run.signal });
  return judgeAttachment(listing, volume.volumeId, vmId);
}

/**
 * Looks until no job on the volume is pending, and says where it is then.
 *
 * @throws job-pending (unavailable: tried again without end) when a job stays pending, so that the wait is seen
 */
export async function observeAttachment(
  work: VolumeWork,
  run: ActivityRun,
  volume: VolumeRef,
  vmId: string = volume.applianceId,
): Promise<Settled> {
  let jobId = '?';
  const settled = await lookUntil(work, run, work.polling.pendingMs, async () => {
    const seen = await lookAtVolume(work, run, volume, vmId);
    if (seen.verdict !== 'pending') return seen;
    jobId = seen.jobId;
    return undefined;
  });
  if (settled !== undefined) return settled;
  throw failure('job-pending', { diskKey: volume.diskKey, volumeId: volume.volumeId, jobId });
}
