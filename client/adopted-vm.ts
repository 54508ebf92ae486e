import { DiskferryFailure, failure } from '../domain/failures';
import { sourceVmPath, type SourceVmKey } from '../domain/names';
import type { ReplicationRecords } from './replication-records';

/**
 * Asks for a run of a VM. One that has volumes and no run at all was adopted: that is said instead of that nobody knows it.
 *
 * @throws DiskferryFailure `vm-not-run` instead of `vm-unknown`; what the asking throws otherwise
 */
export async function unlessAdopted<T>(
  records: Pick<ReplicationRecords, 'disks'> | undefined,
  vm: SourceVmKey,
  ask: () => Promise<T>,
): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof DiskferryFailure) || error.code !== 'vm-unknown') throw error;
    const disks = (await records?.disks.ofVm(vm)) ?? [];
    if (disks.length === 0) throw error;
    const volumes = disks.map(({ diskKey, volumeId }) => `disk ${String(diskKey)}: ${volumeId}`).join(', ');
    throw failure('vm-not-run', { vm: sourceVmPath(vm), volumes }, { cause: error });
  }
}
