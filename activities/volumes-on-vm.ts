import type { VirtualMachine, Volume } from '../cloudstack/api';
import { isCloudStackError } from '../cloudstack/errors';
import type { FailoverVmRef } from '../domain/failover-io';
import type { ActivityRun } from './activity-run';
import { whyNotOwnRoot } from './judge-root';
import { listScope } from './list-scope';
import type { VmWork } from './vm-work';

/**
 * The volumes on a VM, as two lists show them: the VM's own, and that of every volume which the database knows of the source VM. A list
 * by VM shows only what the key's scope holds, so what we know is asked for by its id as well.
 */
export async function volumesOnVm(work: VmWork, run: ActivityRun, vm: FailoverVmRef): Promise<readonly Volume[]> {
  const { failoverVmId } = vm;
  const call = { signal: run.signal };
  const scope = { listAll: true, ...listScope(vm) };
  const known = [...(await work.volumes.ofVm(vm)), ...(await work.testVolumes.ofVm(vm))];
  const asked = await Promise.all([
    work.api.listVolumes({ virtualMachineId: failoverVmId, ...scope }, call).catch((error: unknown) => {
      // CloudStack refuses the id of a VM that it has expunged.
      if (isCloudStackError(error, 'gone', 'not-found')) return [];
      throw error;
    }),
    work.api.listVolumes({ ids: known.map(({ volumeId }) => volumeId), ...scope }, call),
  ]);
  const found = asked.flat().filter(({ virtualmachineid }) => virtualmachineid === failoverVmId);
  return [...new Map(found.map((volume) => [volume.id, volume])).values()];
}

/** A volume that must not go with its VM, and why. */
export interface HeldVolume {
  readonly volume: Volume;
  readonly why: string;
}

/** What is on a VM besides the root that its template made. */
export async function whatVmHolds(
  work: VmWork,
  run: ActivityRun,
  vm: FailoverVmRef,
  machine: VirtualMachine | undefined,
): Promise<readonly HeldVolume[]> {
  const recordedRoots = await rootsOfVm(work, vm.failoverVmId);
  const held: HeldVolume[] = [];
  for (const volume of await volumesOnVm(work, run, vm)) {
    const inDatabase = await isOurs(work, volume.id);
    const why = whyNotOwnRoot(volume, { inDatabase, recordedRoots, machine });
    if (why !== undefined) held.push({ volume, why });
  }
  return held;
}

/** Whether the database knows a volume as a replica, or as one made for a test. */
export async function isOurs(work: Pick<VmWork, 'volumes' | 'testVolumes'>, volumeId: string): Promise<boolean> {
  return (await work.volumes.get(volumeId)) !== undefined || (await work.testVolumes.get(volumeId)) !== undefined;
}

/** Roots that a template made for a VM, as clearRoot recorded them before it took them off. */
export async function rootsOfVm(work: Pick<VmWork, 'vmOperations'>, failoverVmId: string): Promise<readonly string[]> {
  const rows = await work.vmOperations.ofVm(failoverVmId);
  return [...new Set(rows.flatMap(({ rootVolumeId }) => rootVolumeId ?? []))];
}
