import { invalidParameter } from '../api-error';
import { apiDate } from '../answers/dates';
import { checkAccess } from '../call';
import type { Command } from '../call';
import { pageOf, sameText } from '../listing';
import { namedFilter } from '../named-filter';
import { pagingParameters, scopeParameters } from '../parameters';

/**
 * listDiskOfferings: `disksize` in GiB, 0 for a custom size. Every offering is public, shared, active and not encrypted
 * (filters: QueryManagerImpl.searchForDiskOfferingsIdsAndCount).
 */
export const listDiskOfferings: Command = {
  name: 'listDiskOfferings',
  parameters: {
    ...pagingParameters,
    ...scopeParameters,
    id: { type: 'id', entity: 'DiskOffering' },
    name: { type: 'text' },
    zoneid: { type: 'id', entity: 'Zone' },
    virtualmachineid: { type: 'id', entity: 'VirtualMachine' },
    storagetype: { type: 'text' },
    state: { type: 'text' },
    encrypt: { type: 'flag' },
  },
  run(call) {
    const { world, caller, arguments: given } = call;
    if (caller.role !== 'admin' && given.flag('isrecursive') === true) {
      throw invalidParameter('Only ROOT admins and Domain admins can list disk offerings with isrecursive=true');
    }
    if (given.names('virtualmachineid')) checkAccess(caller, world.machine(given.required('virtualmachineid')));
    const named = namedFilter(call);
    const shown =
      isActive(given.text('state')) &&
      given.flag('encrypt') !== true &&
      !sameText(given.text('storagetype') ?? 'shared', 'local');
    const found = world.description.diskOfferings
      .map((offering, number) => ({ number, offering }))
      .filter(({ offering }) => shown && named(offering, offering.displayText ?? ''));
    return pageOf(
      call,
      'diskoffering',
      found,
      ({ offering }) => ({
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
      }),
      'as listed',
    );
  },
};

/** @throws ApiError 431 for what is no state of an offering */
function isActive(state: string | undefined): boolean {
  if (state === undefined || state.trim() === '') return true;
  const asked = state.toLowerCase();
  if (!['all', 'active', 'inactive'].includes(asked)) throw invalidParameter(`Invalid state value: ${state}`);
  return asked !== 'inactive';
}
