import { apiDate } from '../answers/dates';
import type { Command } from '../call';
import { like, pageOf } from '../listing';
import { pagingParameters } from '../parameters';

/** listDiskOfferings: `disksize` in GiB, 0 for a custom size. */
export const listDiskOfferings: Command = {
  name: 'listDiskOfferings',
  parameters: {
    ...pagingParameters,
    id: { type: 'id', entity: 'DiskOffering' },
    name: { type: 'text' },
    zoneid: { type: 'id', entity: 'Zone' },
  },
  run(call) {
    const { world, arguments: given } = call;
    const [id, name, keyword] = [given.text('id'), given.text('name'), given.text('keyword')];
    const found = world.description.diskOfferings
      .map((offering, number) => ({ number, offering }))
      .filter(
        ({ offering }) =>
          (id === undefined || offering.id === id) &&
          (name === undefined || offering.name === name) &&
          (keyword === undefined || like(offering.name, keyword)),
      );
    return pageOf(call, 'diskoffering', found, ({ offering }) => ({
      id: offering.id,
      name: offering.name,
      state: 'Active',
      displaytext: offering.displayText ?? offering.name,
      disksize: offering.sizeGib ?? 0,
      created: apiDate(world.begun),
      iscustomized: offering.sizeGib === undefined,
      storagetype: 'shared',
      provisioningtype: 'thin',
      displayoffering: true,
      disksizestrictness: false,
      encrypt: false,
      hasannotations: false,
    }));
  },
};
