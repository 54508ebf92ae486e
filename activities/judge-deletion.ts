import type { Volume } from '../cloudstack/api';
import type { VolumeRecord } from '../database/volumes';
import { volumeTagKeys } from '../domain/names';
import { tagOf } from '../site/volume-tags';

/**
 * Why an undo must not delete a volume, or undefined when it may. Only a volume that this very run made, that database *and* tag
 * say no copy ever began on, and that is attached nowhere: what is unknown holds data, and a database restored from a backup does
 * not know.
 *
 * @param record - undefined when the create was cut off before the database knew the volume; then no copy can have begun
 */
export function whyNotDelete(volume: Volume, record: VolumeRecord | undefined, firstRunId: string): string | undefined {
  if (record !== undefined && record.createdByFirstRunId !== firstRunId) {
    return `it was made by an earlier run (${record.createdByFirstRunId})`;
  }
  if (record?.copyBegun === true) return 'a copy has begun on it';
  const data = tagOf(volume, volumeTagKeys.data);
  if (data !== undefined) return `its tag ${volumeTagKeys.data} is ${JSON.stringify(data)}`;
  if (volume.deleteprotection === true) return 'it is protected from deletion';
  if (volume.virtualmachineid !== undefined) {
    return `it is attached to VM ${volume.virtualmachineid} (${volume.vmname ?? '?'})`;
  }
  return undefined;
}
