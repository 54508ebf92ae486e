import type { Command } from '../call';
import { pageOf, sameText } from '../listing';
import { namedFilter } from '../named-filter';
import { pagingParameters } from '../parameters';

/** listZones: addresses are the admin's to see. */
export const listZones: Command = {
  name: 'listZones',
  parameters: {
    ...pagingParameters,
    id: { type: 'id', entity: 'Zone' },
    ids: { type: 'ids', entity: 'Zone' },
    name: { type: 'text' },
    networktype: { type: 'text' },
    available: { type: 'flag' },
    domainid: { type: 'id', entity: 'Domain' },
    tags: { type: 'map' },
  },
  run(call) {
    const { world, caller, arguments: given } = call;
    const { zone } = world.description;
    // The zone has no tags.
    const found =
      namedFilter(call)(zone) && sameText(given.text('networktype') ?? 'Advanced', 'Advanced') && !given.has('tags');
    return pageOf(call, 'zone', found ? [{ number: 1 }] : [], () => ({
      id: zone.id,
      name: zone.name,
      ...(caller.role === 'admin' && {
        dns1: '127.0.0.53',
        internaldns1: '127.0.0.53',
        guestcidraddress: '10.1.1.0/24',
      }),
      networktype: 'Advanced',
      securitygroupsenabled: false,
      gputotal: 0,
      gpuused: 0,
      allocationstate: 'Enabled',
      zonetoken: world.ids.zoneToken,
      dhcpprovider: 'VirtualRouter',
      localstorageenabled: false,
      tags: [],
      allowuserspecifyvrmtu: false,
      routerprivateinterfacemaxmtu: 1500,
      routerpublicinterfacemaxmtu: 1500,
      type: 'Core',
      isnsxenabled: false,
      ismultiarch: false,
      asnrange: '',
      routedmodeenabled: true,
      hasannotations: false,
    }));
  },
};
