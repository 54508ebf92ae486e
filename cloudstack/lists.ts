import type { CallOptions, CloudStackApi, Snapshot, VirtualMachine, VmSnapshot, Volume } from './api';
import type { SnapshotFilter, VirtualMachineFilter, VolumeFilter } from './api-parameters';
import { listById, listByIds } from './list-by-id';
import { listAll, type Listing } from './list-pages';
import { encodeMap, encodeParameters } from './parameters';
import * as responses from './responses';
import type { RequestParameters } from './sign';
import type { SignedCalls } from './signed-calls';

/** The commands that look at what there is: volumes, snapshots, VMs. */
type Lists = Pick<CloudStackApi, 'listVolumes' | 'listSnapshots' | 'listVmSnapshots' | 'listVirtualMachines'>;

const volumes: Listing<Volume> = { command: 'listVolumes', array: 'volume', item: responses.volumeSchema };
const snapshots: Listing<Snapshot> = { command: 'listSnapshots', array: 'snapshot', item: responses.snapshotSchema };
const virtualMachines: Listing<VirtualMachine> = {
  command: 'listVirtualMachines',
  array: 'virtualmachine',
  item: responses.virtualMachineSchema,
};
// CloudStack: ListVMSnapshotCmd, in the singular
const vmSnapshots: Listing<VmSnapshot> = {
  command: 'listVMSnapshot',
  array: 'vmSnapshot',
  item: responses.vmSnapshotSchema,
};

export function createLists(calls: SignedCalls): Lists {
  const list =
    <Item extends object, Filter extends { readonly id?: string; readonly ids?: readonly string[] }>(
      listing: Listing<Item>,
      encode: (filter: Filter) => RequestParameters,
    ) =>
    (filter: Filter, options?: CallOptions): Promise<Item[]> => {
      const ask = (asked: Filter) => listById(calls, listing, asked.id, encode(asked), options);
      const { ids, ...rest } = filter;
      return listByIds(
        ids,
        () => ask(filter),
        (id) => ask({ ...rest, id } as Filter),
      );
    };

  return {
    listVolumes: list(volumes, volumeParameters),
    listSnapshots: list(snapshots, snapshotParameters),
    listVirtualMachines: list(virtualMachines, virtualMachineParameters),
    listVmSnapshots: ({ virtualMachineId, listAll: all, projectId }, options) =>
      listAll(
        calls,
        vmSnapshots,
        encodeParameters({ virtualmachineid: virtualMachineId, listall: all, projectid: projectId }),
        options,
      ),
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

function snapshotParameters(filter: SnapshotFilter): RequestParameters {
  const parameters = encodeParameters({
    id: filter.id,
    ids: filter.ids,
    volumeid: filter.volumeId,
    name: filter.name,
    listall: filter.listAll,
    projectid: filter.projectId,
  });
  return { ...parameters, ...encodeMap('tags', filter.tags) };
}

function virtualMachineParameters(filter: VirtualMachineFilter): RequestParameters {
  const parameters = encodeParameters({
    id: filter.id,
    ids: filter.ids,
    name: filter.name,
    listall: filter.listAll,
    projectid: filter.projectId,
  });
  return { ...parameters, ...encodeMap('tags', filter.tags) };
}
