import type { VirtualMachine, Volume } from '../cloudstack/api';
import { volumeTagKeys } from '../domain/names';
import { tagOf } from '../site/volume-tags';

/** What is known of a volume on a failover VM besides its listing. */
export interface KnownOfVolume {
  /** `volumes` or `test_volumes` has a row of it */
  readonly inDatabase: boolean;
  /** roots of this VM that were recorded before they were taken off it */
  readonly recordedRoots: readonly string[];
  /** undefined where the VM is not listed any more */
  readonly machine: Pick<VirtualMachine, 'templateid'> | undefined;
}

/**
 * Why a volume on a failover VM is not the root that the VM's template made, or undefined when it is: the only volume that may go with
 * the VM. What is unknown holds data. Only a ROOT of the VM's own template that nobody has marked or recorded as anything else counts;
 * where another root was recorded as the template's, this one was put in its place.
 */
export function whyNotOwnRoot(volume: Volume, known: KnownOfVolume): string | undefined {
  if (known.inDatabase) return 'it is a volume of ours';
  const owner = tagOf(volume, volumeTagKeys.vm);
  if (owner !== undefined) return `its tag says that it is of VM ${owner}`;
  if (volume.snapshotid !== undefined) return 'it was made from a snapshot';
  if (known.recordedRoots.length > 0) {
    return known.recordedRoots.includes(volume.id) ? undefined : "it is not the root that the VM's template made";
  }
  if (volume.type !== 'ROOT') return 'it is a data volume';
  if (volume.templateid === undefined) return 'it was not made from a template';
  const template = known.machine?.templateid;
  if (template !== undefined && volume.templateid !== template) return 'it was made from another template';
  return undefined;
}
