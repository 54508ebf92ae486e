import type { Volume } from '../cloudstack/api';
import { isCloudStackError, isRefusal } from '../cloudstack/errors';
import type { VolumeOperation } from '../database/volume-operations';
import { failure } from '../domain/failures';
import { volumeTagKeys, sourceVmPath } from '../domain/names';
import type { DiskRef } from '../domain/step-io';
import type { ActivityRun } from './activity-run';
import { tagOf } from './volume-tags';
import type { VolumeWork } from './volume-work';

/**
 * Removes what a create that was sent twice under one job id left beside the volume: Allocated volumes of its exact name. A name
 * holds 8 digits of the operation's id, so nobody else's volume has it; one that was ever used is still left alone.
 *
 * @throws create-failed when one is left
 */
export async function removeDoubles(
  work: VolumeWork,
  run: ActivityRun,
  disk: DiskRef,
  operation: VolumeOperation,
  kept: Volume | undefined,
  doubles: readonly Volume[],
): Promise<void> {
  const name = operation.volumeName ?? '?';
  for (const double of doubles) {
    const used = whyUsed(double);
    if (used !== undefined) {
      const cause = `a second volume of this name, ${double.id}, ${used}`;
      throw failure('create-failed', { diskKey: disk.diskKey, volumeName: name, cause, vm: sourceVmPath(disk) });
    }
    try {
      await work.effect('createVolume.removeDouble', () =>
        work.api.deleteVolume({ id: double.id }, { signal: run.signal }),
      );
    } catch (error) {
      if (isCloudStackError(error, 'not-found', 'gone')) continue;
      if (!isRefusal(error)) throw error;
      const cause = `a second volume of this name, ${double.id}, could not be removed: ${error.text}`;
      throw failure('create-failed', { diskKey: disk.diskKey, volumeName: name, cause, vm: sourceVmPath(disk) });
    }
    work.log.warn(
      { diskKey: disk.diskKey, volumeId: double.id, keptVolumeId: kept?.id, volumeName: name },
      'Removed a second volume that a repeated create had left',
    );
  }
}

function whyUsed(volume: Volume): string | undefined {
  if (volume.virtualmachineid !== undefined) return `is attached to VM ${volume.virtualmachineid}`;
  if (tagOf(volume, volumeTagKeys.data) !== undefined) return 'may hold data';
  if (volume.state !== 'Allocated' && volume.state !== 'Destroy') return `is in state ${volume.state}`;
  return undefined;
}
