import { invalidParameter } from '../api-error';
import { apiDate } from '../answers/dates';
import type { Call, Command } from '../call';
import { pageOf, sameText } from '../listing';
import { namedFilter } from '../named-filter';
import { countOnlyParameter, pagingParameters, scopeParameters } from '../parameters';

/**
 * listNetworks: a root admin sees all of them, as a real server showed, unless it names an account together with its domain
 * (NetworkServiceImpl.searchForNetworks); VLANs are its to see.
 */
export const listNetworks: Command = {
  name: 'listNetworks',
  parameters: {
    ...pagingParameters,
    ...scopeParameters,
    ...countOnlyParameter,
    id: { type: 'id', entity: 'Network' },
    zoneid: { type: 'id', entity: 'Zone' },
    type: { type: 'text' },
    traffictype: { type: 'text' },
    acltype: { type: 'text' },
    issystem: { type: 'flag' },
    forvpc: { type: 'flag' },
    canusefordeploy: { type: 'flag' },
  },
  run(call) {
    const { world, caller, arguments: given } = call;
    const admin = caller.role === 'admin';
    const accountId = admin ? accountAskedFor(call) : caller.id;
    const named = namedFilter(call);
    const is = (name: string, value: string): boolean => sameText(given.text(name) ?? value, value);
    // All of them are isolated layer 2 networks for guests.
    const shown =
      is('type', 'L2') &&
      is('traffictype', 'Guest') &&
      is('acltype', 'Account') &&
      given.flag('issystem') !== true &&
      given.flag('forvpc') !== true &&
      given.flag('canusefordeploy') !== false;
    const found = world.description.networks
      .map((network, number) => ({ number, network, accountId: world.accountNamed(network.account)?.id ?? '' }))
      .filter((row) => shown && (accountId === undefined || row.accountId === accountId) && named(row.network, 'l2'));
    return pageOf(
      call,
      'network',
      found,
      ({ network }) => ({
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
      }),
      'as listed',
    );
  },
};

function accountAskedFor({ world, arguments: given }: Call): string | undefined {
  const name = given.text('account');
  if (name === undefined || !given.names('domainid')) return undefined;
  const account = world.accountNamed(name);
  if (account === undefined) throw invalidParameter(`Unable to find account ${name} in specified domain`);
  return account.id;
}
