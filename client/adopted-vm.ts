import { DiskferryFailure, failure } from '../domain/failures';
import { sourceVmPath, type SourceVmKey } from '../domain/names';
import type { ReplicationRecords } from './replication-records';

type Records = Pick<ReplicationRecords, 'disks'> | undefined;

/**
 * Asks for a run of a VM. One that has volumes and no run at all was adopted: that is said instead of that nobody knows it.
 *
 * @throws DiskferryFailure `vm-not-run` instead of `vm-unknown`; what the asking throws otherwise
 */
export async function unlessAdopted<T>(records: Records, vm: SourceVmKey, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw await sayIfAdopted(records, vm, error);
  }
}

/** `vm-not-run` instead of `vm-unknown` where the VM has volumes; any other error as it is. */
export async function sayIfAdopted(records: Records, vm: SourceVmKey, error: unknown): Promise<unknown> {
  if (!(error instanceof DiskferryFailure) || error.code !== 'vm-unknown') return error;
  const disks = (await records?.disks.ofVm(vm)) ?? [];
  if (disks.length === 0) return error;
  const volumes = disks.map(({ diskKey, volumeId }) => `disk ${String(diskKey)}: ${volumeId}`).join(', ');
  return failure('vm-not-run', { vm: sourceVmPath(vm), volumes }, { cause: error });
}
