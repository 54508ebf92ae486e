import { apiDate } from '../answers/dates';
import type { Command } from '../call';
import { derivedId } from '../derived-id';
import { pageOf } from '../listing';
import { pagingParameters } from '../parameters';

/** listServiceOfferings by id or name. */
export const listServiceOfferings: Command = {
  name: 'listServiceOfferings',
  parameters: { ...pagingParameters, id: { type: 'id', entity: 'ServiceOffering' }, name: { type: 'text' } },
  run(call) {
    const { world, arguments: given } = call;
    const [id, name] = [given.text('id'), given.text('name')];
    const found = world.description.serviceOfferings
      .map((offering, number) => ({ number, offering }))
      .filter(
        ({ offering }) => (id === undefined || offering.id === id) && (name === undefined || offering.name === name),
      );
    return pageOf(call, 'serviceoffering', found, ({ offering }) => ({
      id: offering.id,
      name: offering.name,
      state: 'Active',
      displaytext: offering.displayText ?? offering.name,
      cpunumber: offering.cpus,
      cpuspeed: 500,
      memory: offering.memoryMib,
      created: apiDate(world.begun),
      storagetype: 'shared',
      provisioningtype: 'thin',
      offerha: false,
      limitcpuuse: false,
      isvolatile: false,
      issystem: false,
      defaultuse: false,
      ...(offering.customized && {
        serviceofferingdetails: { maxcpunumber: '8', mincpunumber: '1', minmemory: '128', maxmemory: '8192' },
      }),
      iscustomized: offering.customized,
      rootdisksize: 0,
      dynamicscalingenabled: true,
      diskofferingstrictness: false,
      diskofferingid: derivedId('disk offering', offering.id),
      diskofferingname: offering.name,
      diskofferingdisplaytext: offering.displayText ?? offering.name,
      encryptroot: false,
      gpudisplay: false,
      hasannotations: false,
    }));
  },
};
