import type { Command } from '../call';
import { derivedId } from '../derived-id';
import { like, pageOf } from '../listing';
import { pagingParameters } from '../parameters';
import type { HypervisorName } from '../rows';

const HYPERVISORS: readonly HypervisorName[] = ['KVM', 'Simulator', 'XenServer', 'VMware'];

/** listHypervisorCapabilities: how many data disks a VM may have. Root admins only. */
export const listHypervisorCapabilities: Command = {
  name: 'listHypervisorCapabilities',
  parameters: { ...pagingParameters, id: { type: 'text' }, hypervisor: { type: 'text' } },
  run(call) {
    const asked = call.arguments.text('hypervisor')?.toLowerCase();
    const [id, keyword] = [call.arguments.text('id'), call.arguments.text('keyword')];
    const { zone } = call.world.description;
    const idOf = (hypervisor: HypervisorName): string => derivedId(`capabilities of ${hypervisor}`, zone.id);
    const found = HYPERVISORS.map((hypervisor, number) => ({ number, hypervisor })).filter(
      ({ hypervisor }) =>
        (asked === undefined || hypervisor.toLowerCase() === asked) &&
        (id === undefined || idOf(hypervisor) === id) &&
        (keyword === undefined || like(hypervisor, keyword)),
    );
    return pageOf(
      call,
      'hypervisorCapabilities',
      found,
      ({ hypervisor }) => ({
        id: idOf(hypervisor),
        hypervisorversion: 'default',
        hypervisor,
        maxguestslimit: 50,
        securitygroupenabled: true,
        maxdatavolumeslimit: call.world.dataDiskLimit(hypervisor),
        storagemotionenabled: true,
        vmsnapshotenabled: true,
      }),
      'as listed',
    );
  },
};
