import { failure } from '../domain/failures';
import { sourceVmPath, volumeTagKeys } from '../domain/names';
import { bytesToGibUp, gibToBytes } from '../domain/sizes';
import type { CreateVolumeInput, CreateVolumeOutput } from '../domain/step-io';
import type { ActivityRun } from './activity-run';
import type { VolumeMaking } from './volume-making';
import { listScope } from './list-scope';
import { isPassing } from '../site/judge-attachment';
import { judgeVolume } from './judge-volume';
import { tagOf } from '../site/volume-tags';

/**
 * Takes the volume that a disk has already, when it may be written again. Changes nothing: it was there before, so nothing is owed
 * for it, and it is given back as it was found.
 */
export async function takeExistingVolume(
  work: VolumeMaking,
  run: ActivityRun,
  disk: CreateVolumeInput,
  volumeId: string,
): Promise<CreateVolumeOutput> {
  const { diskKey } = disk;
  const facts = await work.facts({ signal: run.signal });
  const [volume] = await work.api.listVolumes({ id: volumeId, ...listScope(disk) }, { signal: run.signal });
  if (volume === undefined) throw failure('volume-gone', { diskKey, volumeId, vm: sourceVmPath(disk) });
  if (isPassing(volume.state)) {
    throw failure('job-pending', { diskKey, volumeId, jobId: volume.jobid ?? `state ${volume.state}` });
  }

  const record = await work.volumes.get(volumeId);
  const differences = [
    ...judgeVolume(volume, { bytes: gibToBytes(bytesToGibUp(disk.sizeBytes)), zoneId: facts.zone.id }),
  ];
  const owner = tagOf(volume, volumeTagKeys.vm);
  if (owner !== undefined && owner !== sourceVmPath(disk)) differences.push(`its tag says that it is of VM ${owner}`);
  if (record === undefined) differences.push('the database does not know it');
  else if (sourceVmPath(record) !== sourceVmPath(disk) || record.diskKey !== diskKey) {
    differences.push(`it was made for disk ${String(record.diskKey)} of ${sourceVmPath(record)}`);
  }
  if (differences.length > 0) {
    throw failure('volume-differs', { diskKey, volumeId, differences: differences.join('; ') });
  }
  return { volumeId, volumeName: volume.name, volumeBytes: volume.size, created: false };
}
