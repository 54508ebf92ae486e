import type { Command } from '../call';
import { like, pageOf } from '../listing';
import { pagingParameters } from '../parameters';

/** listZones: addresses are the admin's to see. */
export const listZones: Command = {
  name: 'listZones',
  parameters: {
    ...pagingParameters,
    id: { type: 'id', entity: 'Zone' },
    name: { type: 'text' },
    available: { type: 'flag' },
  },
  run(call) {
    const { world, caller, arguments: given } = call;
    const { zone } = world.description;
    const [name, keyword] = [given.text('name'), given.text('keyword')];
    const found = (name === undefined || zone.name === name) && (keyword === undefined || like(zone.name, keyword));
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
