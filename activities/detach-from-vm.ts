import { attachToVmInputSchema } from '../domain/failover-io';
import { failure } from '../domain/failures';
import { sourceVmPath } from '../domain/names';
import { actOnAttachment } from './act-on-attachment';
import { activity } from './activity';
import { isAttachToVm } from './attach-to-vm';
import type { FailoverSiteActivities } from './queues';
import { nothingToUndo, undone } from './undo-outcome';
import type { VolumeWork } from './volume-work';

/**
 * detachFromVm: when it answers `undone`, CloudStack's listing showed the volume away from the failover VM with no job pending. As an
 * undo it takes off only what this run attached to that VM; in a release (a failback) whoever attached it.
 *
 * Why it is hard: as detachVolume. A VM that is gone has let its data volumes go; that too is seen in the volume's listing alone.
 *
 * Sources: as detachVolume; fixtures failover ("detach the root of a running VM"), vm-states ("volume of a destroyed VM").
 */
export function makeDetachFromVm(work: VolumeWork): FailoverSiteActivities['detachFromVm'] {
  return activity(
    'detachFromVm',
    work.run,
    attachToVmInputSchema,
    (volume) => volume,
    async (volume, run) => {
      const { diskKey, volumeId, failoverVmId } = volume;
      if (volume.mode !== 'release') {
        const operations = await work.operations.ofVolume(volumeId);
        if (!operations.some((operation) => isAttachToVm(operation, volume))) return nothingToUndo('detachFromVm');
      }
      const { seen, cause, finish } = await actOnAttachment(work, run, volume, {
        step: 'detachFromVm',
        kind: 'detach',
        vmId: failoverVmId,
        actOn: 'attached-here',
        mine: (active) =>
          active.kind === 'detach' && active.firstRunId === volume.firstRunId && active.vmId === failoverVmId,
        call: (jobId) => work.api.detachVolume({ id: volumeId, customJobId: jobId }, { signal: run.signal }),
      });
      if (seen.verdict === 'attached-here') {
        await finish('failed');
        throw failure('detach-failed', { diskKey, volumeId, vmId: failoverVmId, cause, vm: sourceVmPath(volume) });
      }
      // Detached, gone, or elsewhere: away from the VM in any case, and nothing of ours to touch.
      await finish('done');
      return undone('detachFromVm');
    },
  );
}
