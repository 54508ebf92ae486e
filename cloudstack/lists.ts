import type { CallOptions, CloudStackApi, VirtualMachineFilter, Volume, VolumeFilter } from './api';
import { isCloudStackError } from './errors';
import { listAll, type Listing } from './list-pages';
import { encodeMap, encodeParameters } from './parameters';
import * as responses from './responses';
import type { RequestParameters } from './sign';
import type { SignedCalls } from './signed-calls';
import { understand } from './understand';

/** The commands that only look. */
type Lists = Pick<CloudStackApi, Extract<keyof CloudStackApi, `list${string}`>>;

const listings = {
  zones: { command: 'listZones', array: 'zone', item: responses.zoneSchema },
  diskOfferings: { command: 'listDiskOfferings', array: 'diskoffering', item: responses.diskOfferingSchema },
  virtualMachines: { command: 'listVirtualMachines', array: 'virtualmachine', item: responses.virtualMachineSchema },
  volumes: { command: 'listVolumes', array: 'volume', item: responses.volumeSchema },
  users: { command: 'listUsers', array: 'user', item: responses.userSchema },
  accounts: { command: 'listAccounts', array: 'account', item: responses.accountSchema },
  hypervisorCapabilities: {
    command: 'listHypervisorCapabilities',
    array: 'hypervisorCapabilities',
    item: responses.hypervisorCapabilitySchema,
  },
} as const;

export function createLists(calls: SignedCalls): Lists {
  /** An id that CloudStack never knew is refused (431), one that it removed lists nothing: the same to a caller. */
  const listById = async <Item>(
    listing: Listing<Item>,
    id: string | undefined,
    parameters: RequestParameters,
    options: CallOptions | undefined,
  ): Promise<Item[]> => {
    try {
      return await listAll(calls, listing, parameters, options);
    } catch (error) {
      if (id !== undefined && isCloudStackError(error, 'not-found') && error.text.includes(id)) return [];
      throw error;
    }
  };

  const listVolumes = async (filter: VolumeFilter, options?: CallOptions): Promise<Volume[]> => {
    const { ids, ...rest } = filter;
    if (ids?.length === 0) return [];
    try {
      return await listById(listings.volumes, filter.id, volumeParameters(filter), options);
    } catch (error) {
      if (ids === undefined || !isCloudStackError(error, 'not-found')) throw error;
      // one unknown id of several refuses the whole list
      const each = await Promise.all(ids.map((id) => listVolumes({ ...rest, id }, options)));
      return each.flat();
    }
  };

  return {
    async listCapabilities(options) {
      const command = 'listCapabilities';
      const content = await calls.send(command, 'read', {}, options);
      return understand(calls, command, 'read', responses.capabilitiesSchema, content['capability']);
    },
    listZones: (filter, options) => listById(listings.zones, filter.id, encodeParameters({ ...filter }), options),
    listDiskOfferings: (filter, options) =>
      listById(listings.diskOfferings, filter.id, encodeParameters({ ...filter }), options),
    listVirtualMachines: (filter, options) =>
      listById(listings.virtualMachines, filter.id, virtualMachineParameters(filter), options),
    listHypervisorCapabilities: (filter, options) =>
      listAll(calls, listings.hypervisorCapabilities, encodeParameters({ ...filter }), options),
    listUsers: (options) => listAll(calls, listings.users, {}, options),
    listAccounts: (options) => listAll(calls, listings.accounts, {}, options),
    listVolumes,
  };
}

function volumeParameters(filter: VolumeFilter): RequestParameters {
  const parameters = encodeParameters({
    id: filter.id,
    ids: filter.ids,
    name: filter.name,
    virtualmachineid: filter.virtualMachineId,
    zoneid: filter.zoneId,
    type: filter.type,
    listall: filter.listAll,
    projectid: filter.projectId,
  });
  return { ...parameters, ...encodeMap('tags', filter.tags) };
}

function virtualMachineParameters(filter: VirtualMachineFilter): RequestParameters {
  return encodeParameters({
    id: filter.id,
    name: filter.name,
    listall: filter.listAll,
    projectid: filter.projectId,
  });
}
