import {
  type AttachToVmInput,
  type DeployVmInput,
  type FailoverVmRef,
  type RemoveVmInput,
} from '../../domain/failover-io';
import { failoverDeviceIds } from '../../domain/failover-request';
import type { FailoverJourney } from './failover-journey';

export const FAILOVER_VM_NAME = 'pgtest1-failover';

/** What deployVm is asked for: the world's custom offering, its template and the network of the VM's owner. */
export async function deployInput(
  { world, vm, account }: Pick<FailoverJourney, 'world' | 'vm' | 'account'>,
  attempt = 1,
): Promise<DeployVmInput> {
  const own = world.clientOf(account);
  const [zone] = await own.listZones({});
  const offering = (await own.listServiceOfferings({})).find(({ name }) => name === 'custom-vm');
  const [template] = await own.listTemplates({ templateFilter: 'featured' });
  const networkName = account === 'admin' ? 'l2-admin' : 'l2-user';
  const network = (await own.listNetworks({})).find(({ name }) => name === networkName);
  if (zone === undefined || offering === undefined || template === undefined || network === undefined) {
    throw new Error('the world has no zone, offering, template or network');
  }
  return {
    ...vm,
    attempt,
    purpose: 'test',
    name: FAILOVER_VM_NAME,
    zoneId: zone.id,
    serviceOfferingId: offering.id,
    templateId: template.id,
    networks: [{ id: network.id }],
    details: { cpuNumber: '2', memory: '512', rootDiskController: 'virtio' },
    firmware: 'bios',
    osTypeId: '11111111-2222-4333-8444-555555555555',
  };
}

export function removeInput(
  { vm, failoverVmId }: Pick<FailoverJourney, 'vm' | 'failoverVmId'>,
  attempt = 1,
): RemoveVmInput {
  return { ...vm, attempt, name: FAILOVER_VM_NAME, ...(failoverVmId === undefined ? {} : { failoverVmId }) };
}

/** Input of clearRoot, startVm and stopVm; of a VM that nobody made where none was. */
export function failoverVmRef({ vm, failoverVmId = vm.firstRunId }: FailoverJourney): FailoverVmRef {
  return { ...vm, attempt: 1, failoverVmId, failoverVmName: FAILOVER_VM_NAME };
}

/** Inputs of attachToVm and detachFromVm: the volumes that were made from the point, the boot disk as root. */
export function attachInputs(journey: FailoverJourney): AttachToVmInput[] {
  const disks = journey.replicas.map(({ createInput, volumeInput }) => ({
    diskKey: volumeInput.diskKey,
    boot: createInput.boot ?? false,
    volumeBytes: volumeInput.volumeBytes,
  }));
  const deviceIds = failoverDeviceIds(disks);
  return disks.map(({ diskKey, boot, volumeBytes }) => ({
    ...failoverVmRef(journey),
    diskKey,
    volumeBytes,
    volumeId: journey.restored.get(diskKey) ?? journey.vm.firstRunId,
    deviceId: deviceIds.get(diskKey) ?? -1,
    role: boot ? 'test_root' : 'test_data',
  }));
}
