import type { Volume } from '../cloudstack/api';
import { type RestoreVolumeInput, restoreVolumeInputSchema } from '../domain/failover-io';
import { failure } from '../domain/failures';
import { sourceVmPath, volumeTagKeys } from '../domain/names';
import { activity } from './activity';
import { recordGone, volumesMadeBy } from './made-volumes';
import type { PointWork } from './point-work';
import type { FailoverSiteActivities } from './queues';
import { type Removal, removeVolume } from './remove-volume';
import { kept, nothingToUndo, undone } from './undo-outcome';
import { tagOf } from '../site/volume-tags';

/**
 * deleteRestoredVolume: what this attempt made from a snapshot for the disk is gone from the list, or is named as kept with the
 * reason. A test's volume may go though a guest wrote it; a revert's only while it is no replica.
 *
 * Why it is hard: as deleteVolume; and nothing is deleted that a VM still has, ours or not: the failover VM goes first.
 *
 * Sources: reference cloudstack-api §2.4 (deleteVolume), §7; design §5.
 */
export function makeDeleteRestoredVolume(work: PointWork): FailoverSiteActivities['deleteRestoredVolume'] {
  return activity(
    'deleteRestoredVolume',
    work.run,
    restoreVolumeInputSchema,
    (disk) => disk,
    async (disk, run) => {
      const { diskKey, firstRunId, attempt } = disk;
      const rows = await work.operations.ofDisk(disk, diskKey, { kind: 'restore', firstRunId, attempt });
      if (rows.length === 0) return nothingToUndo('deleteRestoredVolume');
      const removal = deletion(work, disk);
      const reasons: string[] = [];
      for (const row of rows) {
        for (const volume of await volumesMadeBy(work, run, disk, row, removal)) {
          const reason = await whyKept(work, disk, volume);
          if (reason === undefined) await removeVolume(work, run, disk, unattached(disk, volume), removal);
          else reasons.push(`disk ${String(diskKey)}: volume ${volume.id} (${volume.name}) is kept: ${reason}`);
        }
        await recordGone(work, run, disk, row, removal, (volumeId) => isLive(work, volumeId));
      }
      return reasons.length === 0 ? undone('deleteRestoredVolume') : kept('deleteRestoredVolume', reasons.join('; '));
    },
  );
}

/** Why a volume is a replica, or undefined when it may go. Database or tag: a database restored from a backup does not know. */
async function whyKept(work: PointWork, disk: RestoreVolumeInput, volume: Volume): Promise<string | undefined> {
  if ((await work.testVolumes.get(volume.id)) !== undefined) return undefined;
  if ((await work.volumes.get(volume.id))?.copyBegun === true) return 'it is a replica: a revert or a copy made it one';
  const disks = await work.disks.ofVm(disk);
  if (disks.some(({ volumeId }) => volumeId === volume.id)) return 'it is the replica of the disk';
  const data = tagOf(volume, volumeTagKeys.data);
  return data === undefined ? undefined : `its tag ${volumeTagKeys.data} is ${JSON.stringify(data)}`;
}

/** @throws delete-failed naming the VM that has it */
function unattached(disk: RestoreVolumeInput, volume: Volume): Volume {
  if (volume.virtualmachineid === undefined) return volume;
  const cause = `it is attached to VM ${volume.virtualmachineid} (${volume.vmname ?? '?'})`;
  throw failure('delete-failed', { diskKey: disk.diskKey, volumeId: volume.id, cause, vm: sourceVmPath(disk) });
}

async function isLive(work: PointWork, volumeId: string): Promise<boolean> {
  const record = (await work.testVolumes.get(volumeId)) ?? (await work.volumes.get(volumeId));
  return record !== undefined && record.goneAt === undefined;
}

function deletion(work: PointWork, disk: RestoreVolumeInput): Removal {
  return {
    undo: 'deleteRestoredVolume',
    forgetting: async (volumeId) => {
      const isTest = (await work.testVolumes.get(volumeId)) !== undefined;
      const isVolume = (await work.volumes.get(volumeId)) !== undefined;
      return async (tx) => {
        if (isTest) await work.testVolumes.markGone(tx, volumeId);
        if (isVolume) await work.volumes.markGone(tx, volumeId);
        await work.disks.remove(tx, disk, disk.diskKey, volumeId);
      };
    },
  };
}
