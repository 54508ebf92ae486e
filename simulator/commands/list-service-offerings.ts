import { invalidParameter } from '../api-error';
import { apiDate } from '../answers/dates';
import { checkAccess } from '../call';
import type { Command } from '../call';
import { derivedId } from '../derived-id';
import { pageOf, sameText } from '../listing';
import { namedFilter } from '../named-filter';
import { pagingParameters, scopeParameters } from '../parameters';

/** What a customised offering allows. */
const CUSTOM = { minCpus: 1, maxCpus: 8, minMemoryMib: 128, maxMemoryMib: 8192 } as const;

/**
 * listServiceOfferings: every offering is public, shared and active. `cpunumber` and `memory` are the least that an offering
 * has or, customised, what it allows (QueryManagerImpl.searchForServiceOfferingIdsAndCount).
 */
export const listServiceOfferings: Command = {
  name: 'listServiceOfferings',
  parameters: {
    ...pagingParameters,
    ...scopeParameters,
    id: { type: 'id', entity: 'ServiceOffering' },
    name: { type: 'text' },
    zoneid: { type: 'id', entity: 'Zone' },
    virtualmachineid: { type: 'id', entity: 'VirtualMachine' },
    issystem: { type: 'flag' },
    cpunumber: { type: 'long' },
    memory: { type: 'long' },
    storagetype: { type: 'text' },
  },
  run(call) {
    const { world, caller, arguments: given } = call;
    if (caller.role !== 'admin' && given.flag('issystem') === true) {
      throw invalidParameter("Only ROOT admins can access system's offering");
    }
    if (caller.role !== 'admin' && given.flag('isrecursive') === true) {
      throw invalidParameter('Only ROOT admins and Domain admins can list service offerings with isrecursive=true');
    }
    const named = namedFilter(call);
    const [cpus, memoryMib] = [given.long('cpunumber'), given.long('memory')];
    const changeable = given.names('virtualmachineid') ? world.machine(given.required('virtualmachineid')) : undefined;
    if (changeable !== undefined) checkAccess(caller, changeable);
    const shown = given.flag('issystem') !== true && !sameText(given.text('storagetype') ?? 'shared', 'local');
    const found = world.description.serviceOfferings
      .map((offering, number) => ({ number, offering }))
      .filter(
        ({ offering }) =>
          shown &&
          named(offering, offering.displayText ?? '') &&
          // A VM is shown what it could be changed to.
          offering.id !== changeable?.serviceOfferingId &&
          allows(cpus, offering.cpus, CUSTOM.minCpus, CUSTOM.maxCpus) &&
          allows(memoryMib, offering.memoryMib, CUSTOM.minMemoryMib, CUSTOM.maxMemoryMib),
      );
    return pageOf(
      call,
      'serviceoffering',
      found,
      ({ offering }) => ({
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
          serviceofferingdetails: {
            maxcpunumber: String(CUSTOM.maxCpus),
            mincpunumber: String(CUSTOM.minCpus),
            minmemory: String(CUSTOM.minMemoryMib),
            maxmemory: String(CUSTOM.maxMemoryMib),
          },
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
      }),
      'as listed',
    );
  },
};

function allows(wanted: number | undefined, fixed: number | undefined, min: number, max: number): boolean {
  if (wanted === undefined) return true;
  return fixed === undefined ? min <= wanted && wanted <= max : fixed >= wanted;
}
