import type { Volume } from '../cloudstack/api';
import type { VolumeOperation } from '../database/volume-operations';
import { type DeleteVolumeInput, type DiskRef, deleteVolumeInputSchema } from '../domain/step-io';
import { activity } from './activity';
import type { ActivityRun } from './activity-run';
import { fenceOf } from './fence-of';
import { whyNotDelete } from './judge-deletion';
import { recordGone, volumesMadeBy } from './made-volumes';
import type { SiteActivities } from './queues';
import { deleteNamedVolume } from './release-deletion';
import { type Removal, removeVolume } from './remove-volume';
import { kept, nothingToUndo, undone } from './undo-outcome';
import type { VolumeMaking } from './volume-making';

/**
 * deleteVolume: as an undo of createVolume, what this provisioning attempt made for the disk is gone from the list, or is named as
 * kept with the reason. Value decides: an empty volume is removed; one that a copy may have written never is. In a release it
 * deletes the one volume that the operator named.
 *
 * Why it is hard: the create may have been cut off anywhere, so the volume is found by the operation's row, its job, or its exact
 * name; CloudStack's 431 means "gone" and "still attached" alike (4350 for both), so every refusal is answered by a look; a failed
 * expunge leaves a volume in `Destroy` that a second delete removes.
 *
 * Sources: reference cloudstack-api §2.4 (deleteVolume), §7; fixtures volume-lifecycle, delete-protection, hypervisor-faults.
 */
export function makeDeleteVolume(work: VolumeMaking): SiteActivities['deleteVolume'] {
  return activity(
    'deleteVolume',
    work.run,
    deleteVolumeInputSchema,
    (disk) => disk,
    async (disk, run) => {
      if (disk.mode === 'release') return await deleteNamedVolume(work, run, disk, deletion(work, disk));
      const { diskKey, firstRunId, attempt } = disk;
      const creates = await work.operations.ofDisk(disk, diskKey, { kind: 'create', firstRunId, attempt });
      if (creates.length === 0) return nothingToUndo('deleteVolume');
      const reasons: string[] = [];
      const removal = deletion(work, disk);
      const isLive = async (volumeId: string): Promise<boolean> => {
        const record = await work.volumes.get(volumeId);
        return record !== undefined && record.goneAt === undefined;
      };
      for (const create of creates) {
        for (const volume of await volumesMadeBy(work, run, disk, create, removal)) {
          const reason = await deleteUnlessUsed(work, run, disk, create, volume);
          if (reason !== undefined) reasons.push(reason);
        }
        await recordGone(work, run, disk, create, removal, isLive);
      }
      return reasons.length === 0 ? undone('deleteVolume') : kept('deleteVolume', reasons.join('; '));
    },
  );
}

/** @returns what was kept and why; undefined when the volume is gone */
async function deleteUnlessUsed(
  work: VolumeMaking,
  run: ActivityRun,
  disk: DeleteVolumeInput,
  create: VolumeOperation,
  volume: Volume,
): Promise<string | undefined> {
  const record = await work.volumes.get(volume.id);
  const why = whyNotDelete(volume, record, disk.firstRunId);
  if (why === undefined) {
    await removeVolume(work, run, disk, volume, deletion(work, disk));
    return undefined;
  }
  const reason = `disk ${String(disk.diskKey)}: volume ${volume.id} (${create.volumeName ?? volume.name}) is kept: ${why}`;
  if (record !== undefined && record.keptBecause !== why) {
    await work.effect('deleteVolume.finish', () =>
      work.database.fenced(fenceOf(disk, run), (tx) => work.volumes.keep(tx, volume.id, why)),
    );
  }
  return reason;
}

/** What is forgotten with a volume that is gone: its row is marked, and it is no disk's any more. */
export function deletion(work: VolumeMaking, disk: DiskRef): Removal {
  return {
    undo: 'deleteVolume',
    forgetting: async (volumeId) => {
      const known = (await work.volumes.get(volumeId)) !== undefined;
      return async (tx) => {
        if (known) await work.volumes.markGone(tx, volumeId);
        await work.disks.remove(tx, disk, disk.diskKey, volumeId);
      };
    },
  };
}
