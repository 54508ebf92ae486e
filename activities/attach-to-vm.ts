import type { VolumeOperation } from '../database/volume-operations';
import { type AttachToVmInput, attachToVmInputSchema } from '../domain/failover-io';
import { failure } from '../domain/failures';
import { sourceVmPath } from '../domain/names';
import { actOnAttachment } from './act-on-attachment';
import { activity } from './activity';
import type { FailoverSiteActivities } from './queues';
import type { VolumeWork } from './volume-work';

/**
 * attachToVm: when it answers, CloudStack's listing showed the volume on the failover VM under the wanted device id with no job pending.
 *
 * Why it is hard: as attachVolume; beyond it, the device id decides whether the VM boots (0 makes the volume its root, without one
 * CloudStack makes a data disk of it), so it is asked for and proven. The VM is stopped: a root goes on no other.
 *
 * Sources: as attachVolume; fixture failover ("attach it as root, deviceid 0", "attach it as root, without deviceid").
 */
export function makeAttachToVm(work: VolumeWork): FailoverSiteActivities['attachToVm'] {
  return activity(
    'attachToVm',
    work.run,
    attachToVmInputSchema,
    (volume) => volume,
    async (volume, run) => {
      const { diskKey, volumeId, deviceId, failoverVmId, failoverVmName: name } = volume;
      const { seen, cause, finish } = await actOnAttachment(work, run, volume, {
        step: 'attachToVm',
        kind: 'attach',
        vmId: failoverVmId,
        actOn: 'detached',
        mine: (active) => isAttachToVm(active, volume),
        call: (jobId) =>
          work.api.attachVolume(
            { id: volumeId, virtualMachineId: failoverVmId, deviceId, customJobId: jobId },
            { signal: run.signal },
          ),
      });
      const failed = (why: string) =>
        failure('vm-attach-failed', { diskKey, volumeId, name, failoverVmId, deviceId, cause: why });
      switch (seen.verdict) {
        case 'attached-here':
          // The row says that it is on the VM, under whichever id: that is what the undo takes off again.
          await finish('done');
          if (seen.volume.deviceid === deviceId) return;
          throw failed(`it is attached as ${String(seen.volume.deviceid ?? 'a device that is not told')}`);
        case 'gone':
          await finish('failed');
          throw failure('volume-gone', { diskKey, volumeId, vm: sourceVmPath(volume) });
        case 'attached-elsewhere':
          await finish('failed');
          throw failure('attached-elsewhere', {
            diskKey,
            volumeId,
            applianceId: failoverVmId,
            otherVmId: seen.vmId,
            otherVmName: seen.vmName,
          });
        case 'detached':
          await finish('failed');
          throw failed(cause);
      }
    },
  );
}

/** Whether an operation is an attach of this volume to this failover VM by this run. */
export function isAttachToVm(operation: VolumeOperation, volume: AttachToVmInput): boolean {
  return (
    operation.kind === 'attach' && operation.firstRunId === volume.firstRunId && operation.vmId === volume.failoverVmId
  );
}
