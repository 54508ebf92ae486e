import { type VolumeRef, undoVolumeInputSchema } from '../domain/step-io';
import { activity } from './activity';
import type { ActivityRun } from './activity-run';
import { fenceOf } from './fence-of';
import type { MappingWork } from './map-device';
import type { MainActivities } from './queues';
import { kept, nothingToUndo, undone } from './undo-outcome';

/**
 * unmapDevice: the volume has no live mapping to this appliance; the row stands in the history. As an undo it leaves a mapping that
 * an earlier run made: it was there before. A mapping to another VM is nobody's to undo here.
 */
export function makeUnmapDevice(work: MappingWork): MainActivities['unmapDevice'] {
  return activity(
    'unmapDevice',
    work.run,
    undoVolumeInputSchema,
    (volume) => volume,
    async (volume, run) => {
      const { volumeId, applianceId, diskKey } = volume;
      const row = await work.mappings.ofVolume(volumeId);
      if (row?.vmId !== applianceId) return nothingToUndo('unmapDevice');
      if (volume.mode !== 'release' && row.mappedByFirstRunId !== volume.firstRunId) {
        return kept(
          'unmapDevice',
          `disk ${String(diskKey)}: device path ${row.devicePath} stays, it was there before this run`,
        );
      }
      const because = volume.mode === 'release' ? 'released' : `undone by ${run.workflowId}`;
      await unmapVolume(work, run, volume, 'unmapDevice.record', { vmId: applianceId, because });
      return undone('unmapDevice');
    },
  );
}

/**
 * Moves the live row of a volume on a VM to the history, and proves that it is gone. A row on another VM stays: an attempt that was
 * held up may come here when the volume has gone on to its next place.
 */
export async function unmapVolume(
  work: MappingWork,
  run: ActivityRun,
  volume: VolumeRef,
  effect: string,
  { vmId, because }: { readonly vmId: string; readonly because: string },
): Promise<void> {
  const { volumeId } = volume;
  await work.effect(effect, () =>
    work.database.fenced(fenceOf(volume, run), (tx) => work.mappings.unmap(tx, volumeId, because, vmId)),
  );
  const row = await work.mappings.ofVolume(volumeId);
  if (row?.vmId === vmId) throw new Error(`device path ${row.devicePath} was removed but is still there`);
}
