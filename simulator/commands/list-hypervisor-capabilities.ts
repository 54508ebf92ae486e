import type { Command } from '../call';
import { pageOf } from '../listing';
import { pagingParameters } from '../parameters';
import type { HypervisorName } from '../rows';

const HYPERVISORS: readonly HypervisorName[] = ['KVM', 'Simulator', 'XenServer', 'VMware'];

/** listHypervisorCapabilities: how many data disks a VM may have. Root admins only. */
export const listHypervisorCapabilities: Command = {
  name: 'listHypervisorCapabilities',
  parameters: { ...pagingParameters, hypervisor: { type: 'text' } },
  run(call) {
    const asked = call.arguments.text('hypervisor')?.toLowerCase();
    const found = HYPERVISORS.map((hypervisor, number) => ({ number, hypervisor })).filter(
      ({ hypervisor }) => asked === undefined || hypervisor.toLowerCase() === asked,
    );
    return pageOf(call, 'hypervisorCapabilities', found, ({ hypervisor }) => ({
      id: call.world.ids.capabilities,
      hypervisorversion: 'default',
      hypervisor,
      maxguestslimit: 50,
      securitygroupenabled: true,
      maxdatavolumeslimit: call.world.dataDiskLimit(hypervisor),
      storagemotionenabled: true,
      vmsnapshotenabled: true,
    }));
  },
};
