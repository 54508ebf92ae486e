import { isRefusal } from '../cloudstack/errors';
import { failure } from '../domain/failures';
import { sourceVmPath } from '../domain/names';
import type { DeleteVolumeInput } from '../domain/step-io';
import type { UndoOutcome } from '../domain/undo-policy';
import type { ActivityRun } from './activity-run';
import type { VolumeMaking } from './volume-making';
import { describeJob } from './judge-job';
import { observeAttachment } from './observe-attachment';
import { type Removal, removeVolume } from './remove-volume';
import { waitForJob } from './settle-job';
import { nothingToUndo, undone } from './undo-outcome';

/**
 * Deletes the volume that an operator named in a release, whatever it holds: the only way in which a replica is ever deleted. It
 * must be of this disk by our own records, and attached nowhere; its delete protection is taken off last.
 */
export async function deleteNamedVolume(
  work: VolumeMaking,
  run: ActivityRun,
  disk: DeleteVolumeInput,
  removal: Removal,
): Promise<UndoOutcome> {
  const { diskKey, volumeId } = disk;
  if (volumeId === undefined) throw new Error('a release deletes only a volume that is named');
  const fail = (cause: string) => failure('delete-failed', { diskKey, volumeId, cause, vm: sourceVmPath(disk) });

  const record = await work.volumes.get(volumeId);
  if (record === undefined || sourceVmPath(record) !== sourceVmPath(disk) || record.diskKey !== diskKey) {
    throw fail(`the database does not know it as disk ${String(diskKey)} of VM ${sourceVmPath(disk)}`);
  }
  if (record.goneAt !== undefined) return nothingToUndo('deleteVolume');

  const seen = await observeAttachment(work, run, { ...disk, volumeId, volumeBytes: record.sizeBytes });
  if (seen.verdict === 'attached-here' || seen.verdict === 'attached-elsewhere') {
    throw fail(`it is attached to VM ${seen.volume.virtualmachineid ?? '?'} (${seen.volume.vmname ?? '?'})`);
  }
  if (seen.verdict === 'detached' && seen.volume.deleteprotection === true) {
    try {
      const { jobId } = await work.effect('deleteVolume.unprotect', () =>
        work.api.updateVolume({ id: volumeId, deleteProtection: false }, { signal: run.signal }),
      );
      const job = await waitForJob(work, run, { diskKey, volumeId }, jobId);
      if (job?.jobstatus !== 1) throw fail(`its delete protection could not be taken off: ${describeJob(job)}`);
    } catch (error) {
      if (isRefusal(error)) throw fail(error.text);
      throw error;
    }
  }
  const listed = seen.verdict === 'gone' ? { id: volumeId, size: record.sizeBytes } : seen.volume;
  await removeVolume(work, run, disk, listed, removal);
  return undone('deleteVolume');
}
