import { attachToVmInputSchema } from '../domain/failover-io';
import { activity } from './activity';
import { mapVolume, type MappingWork } from './map-device';
import type { FailoverMainActivities } from './queues';
import { kept, nothingToUndo, undone } from './undo-outcome';
import { unmapVolume } from './unmap-device';

/**
 * mapToVm: the volume's row stands under `remote-vm-{failover VM}-{volume}` with its role, root and data alike: the older system gave
 * every data disk of a failover VM one path, and lost the second one there again.
 *
 * The device node stays open: nobody of ours can look into that guest, and CloudStack's device id names no device.
 */
export function makeMapToVm(work: MappingWork): FailoverMainActivities['mapToVm'] {
  return activity(
    'mapToVm',
    work.run,
    attachToVmInputSchema,
    (volume) => volume,
    async (volume, run) =>
      await mapVolume(work, run, volume, 'mapToVm.record', {
        vmId: volume.failoverVmId,
        role: volume.role,
        cloudStackDeviceId: volume.deviceId,
      }),
  );
}

/**
 * unmapFromVm: the volume has no live mapping to the failover VM; the row stands in the history. As an undo it leaves a mapping that
 * another run made; a mapping to another VM is nobody's to undo here.
 */
export function makeUnmapFromVm(work: MappingWork): FailoverMainActivities['unmapFromVm'] {
  return activity(
    'unmapFromVm',
    work.run,
    attachToVmInputSchema,
    (volume) => volume,
    async (volume, run) => {
      const { volumeId, failoverVmId, failoverVmName } = volume;
      const row = await work.mappings.ofVolume(volumeId);
      if (row?.vmId !== failoverVmId) return nothingToUndo('unmapFromVm');
      if (volume.mode !== 'release' && row.mappedByFirstRunId !== volume.firstRunId) {
        const reason = `disk ${String(volume.diskKey)}: device path ${row.devicePath} stays, another run made it`;
        return kept('unmapFromVm', reason);
      }
      const because = `taken off failover VM ${failoverVmName} by ${run.workflowId}`;
      await unmapVolume(work, run, volume, 'unmapFromVm.record', { vmId: failoverVmId, because });
      return undone('unmapFromVm');
    },
  );
}
