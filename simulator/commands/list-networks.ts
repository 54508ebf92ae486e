import { apiDate } from '../answers/dates';
import type { Command } from '../call';
import { pageOf, scopeOf } from '../listing';
import { pagingParameters, scopeParameters } from '../parameters';

/** listNetworks: a root admin sees all of them, as a real server showed; VLANs are its to see. */
export const listNetworks: Command = {
  name: 'listNetworks',
  parameters: {
    ...pagingParameters,
    ...scopeParameters,
    id: { type: 'id', entity: 'Network' },
    zoneid: { type: 'id', entity: 'Zone' },
  },
  run(call) {
    const { world, caller, arguments: given } = call;
    const admin = caller.role === 'admin';
    const inScope = scopeOf(call);
    const id = given.text('id');
    const found = world.description.networks
      .map((network, number) => ({ number, network, accountId: world.accountNamed(network.account)?.id ?? '' }))
      .filter((row) => (admin || inScope(row)) && (id === undefined || row.network.id === id));
    return pageOf(call, 'network', found, ({ network }) => ({
      id: network.id,
      name: network.name,
      displaytext: 'l2',
      broadcastdomaintype: 'Vlan',
      traffictype: 'Guest',
      zoneid: world.description.zone.id,
      zonename: world.description.zone.name,
      networkofferingid: world.ids.networkOffering,
      networkofferingname: 'DefaultL2NetworkOffering',
      networkofferingdisplaytext: 'Offering for L2 networks',
      networkofferingconservemode: true,
      networkofferingavailability: 'Optional',
      issystem: false,
      state: 'Implemented',
      related: network.id,
      broadcasturi: admin ? `vlan://${String(network.vlan)}` : undefined,
      dns1: '127.0.0.53',
      type: 'L2',
      vlan: admin ? String(network.vlan) : undefined,
      acltype: 'Account',
      account: network.account,
      domainid: world.description.rootDomainId,
      domain: 'ROOT',
      domainpath: 'ROOT',
      service: [],
      physicalnetworkid: world.ids.physicalNetwork,
      restartrequired: false,
      specifyvlan: false,
      specifyipranges: false,
      canusefordeploy: true,
      ispersistent: false,
      tags: [],
      details: admin ? {} : undefined,
      displaynetwork: admin ? true : undefined,
      strechedl2subnet: false,
      redundantrouter: false,
      supportsvmautoscaling: false,
      created: apiDate(world.begun),
      receivedbytes: 0,
      sentbytes: 0,
      publicmtu: 1500,
      privatemtu: 1500,
      hasannotations: false,
    }));
  },
};
