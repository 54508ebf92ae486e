import { z } from 'zod';
import type { CloudStackApi } from './api';
import type { DeployVirtualMachineParameters } from './api-parameters';
import { startedCreate, startedJob, type Change } from './change';
import { encodeDetails } from './parameters';
import type { RequestParameters } from './sign';

/** The life cycle of a VM. */
type VirtualMachineChanges = Pick<
  CloudStackApi,
  | 'deployVirtualMachine'
  | 'startVirtualMachine'
  | 'stopVirtualMachine'
  | 'destroyVirtualMachine'
  | 'expungeVirtualMachine'
  | 'updateVirtualMachine'
>;

const updated = z.object({ virtualmachine: z.object({ id: z.string() }) });

export function createVirtualMachineChanges(change: Change): VirtualMachineChanges {
  return {
    deployVirtualMachine: async (vm, call) =>
      change(
        'deployVirtualMachine',
        startedCreate,
        {
          name: vm.name,
          displayname: vm.displayName,
          serviceofferingid: vm.serviceOfferingId,
          templateid: vm.templateId,
          zoneid: vm.zoneId,
          hypervisor: vm.hypervisor,
          startvm: vm.startVm,
          rootdisksize: vm.rootDiskSizeGib,
          boottype: vm.bootType,
          bootmode: vm.bootMode,
          customid: vm.customId,
          customjobid: vm.customJobId,
          account: vm.account,
          domainid: vm.domainId,
          projectid: vm.projectId,
        },
        call,
        { ...encodeNetworks(vm), ...encodeDetails('details', vm.details) },
      ),
    startVirtualMachine: ({ id, customJobId }, call) =>
      change('startVirtualMachine', startedJob, { id, customjobid: customJobId }, call),
    stopVirtualMachine: ({ id, forced, customJobId }, call) =>
      change('stopVirtualMachine', startedJob, { id, forced, customjobid: customJobId }, call),
    destroyVirtualMachine: ({ id, expunge, volumeIds, customJobId }, call) =>
      change(
        'destroyVirtualMachine',
        startedJob,
        { id, expunge, volumeids: volumeIds?.length === 0 ? undefined : volumeIds, customjobid: customJobId },
        call,
      ),
    expungeVirtualMachine: ({ id, customJobId }, call) =>
      change('expungeVirtualMachine', startedJob, { id, customjobid: customJobId }, call),
    async updateVirtualMachine({ id, osTypeId, displayName }, call) {
      await change('updateVirtualMachine', updated, { id, ostypeid: osTypeId, displayname: displayName }, call);
    },
  };
}

/** Networks alone go as a list, with addresses of cards as a map; together they are refused (CloudStack: BaseDeployVMCmd). */
function encodeNetworks({ networkIds, macAddresses }: DeployVirtualMachineParameters): RequestParameters {
  if (macAddresses === undefined) return networkIds.length === 0 ? {} : { networkids: networkIds.join(',') };
  if (macAddresses.length !== networkIds.length) {
    throw new TypeError('deployVirtualMachine needs as many MAC addresses as networks');
  }
  const encoded: Record<string, string> = {};
  for (const [index, networkId] of networkIds.entries()) {
    encoded[`iptonetworklist[${String(index)}].networkid`] = networkId;
    const mac = macAddresses[index];
    if (mac !== undefined) encoded[`iptonetworklist[${String(index)}].mac`] = mac;
  }
  return encoded;
}
