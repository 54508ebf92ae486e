import { rmSync } from 'node:fs';
import { invalidParameter } from './api-error';
import type { Site } from './call';
import type { VolumeRow } from './rows';
import { isBeingSnapshotted } from './snapshot-checks';

/** States from which a volume may go. */
export const DELETABLE_STATES: ReadonlySet<VolumeRow['state']> = new Set(['Allocated', 'Ready', 'Destroy']);

/**
 * In the order of VolumeApiServiceImpl.retrieveAndValidateVolume, and of the fixture delete-protection.
 *
 * @throws ApiError 431 while the volume is being snapshotted, is attached, or protected
 */
export function checkDeletable(site: Site, volume: VolumeRow): void {
  if (isBeingSnapshotted(site, volume.id)) {
    throw invalidParameter('There are snapshot operations in progress on the volume, unable to delete it');
  }
  if (volume.vmId !== null) throw invalidParameter('Please specify a volume that is not attached to any VM.');
  if (volume.deleteProtection) {
    throw invalidParameter(
      `Volume [id = ${volume.id}, name = ${volume.name}] has delete protection enabled and cannot be deleted.`,
    );
  }
}

/** The volume is gone for ever; only its uuid is remembered. */
export function expunge(site: Site, volumeId: string): void {
  const volume = site.world.volume(volumeId);
  for (const tag of site.world.tagsOf(volumeId)) site.world.removeTag(tag);
  site.world.volumes.put({ ...volume, state: 'Expunged', removed: Date.now() });
  // Killed here it leaves a file that nobody asks for; the other way round, a volume without its data.
  site.world.flush();
  rmSync(site.guests.volumeFile(volumeId), { force: true });
}
