import type { Command } from '../call';
import { derivedId } from '../derived-id';
import { pageOf, sameText } from '../listing';
import { namedFilter } from '../named-filter';
import { pagingParameters } from '../parameters';
import type { EntityKind, ParameterTable } from '../parameters';
import type { World } from '../world';

type Fields = Readonly<Record<string, string | boolean>>;

interface Place {
  readonly id: string;
  readonly name: string;
}

/** A list command for the one pod, cluster, host or pool of the world. Root admins only. */
function listOfOne(options: {
  readonly name: string;
  readonly key: string;
  readonly entity: EntityKind;
  readonly more?: ParameterTable;
  readonly place: (world: World) => Place;
  readonly fields: (world: World) => Fields;
}): Command {
  return {
    name: options.name,
    parameters: {
      ...pagingParameters,
      id: { type: 'id', entity: options.entity },
      name: { type: 'text' },
      zoneid: { type: 'id', entity: 'Zone' },
      podid: { type: 'id', entity: 'Pod' },
      clusterid: { type: 'id', entity: 'Cluster' },
      ...options.more,
    },
    run(call) {
      const { world, arguments: given } = call;
      const place = options.place(world);
      const fields = options.fields(world);
      const texts = Object.keys(options.more ?? {});
      const found =
        namedFilter(call)(place) &&
        texts.every((text) => sameText(given.text(text) ?? String(fields[text]), String(fields[text])));
      return pageOf(call, options.key, found ? [{ number: 1 }] : [], () => ({
        id: place.id,
        name: place.name,
        ...fields,
      }));
    },
  };
}

export const listPods: Command = listOfOne({
  name: 'listPods',
  key: 'pod',
  entity: 'Pod',
  more: { allocationstate: { type: 'text' } },
  place: (world) => world.description.pod,
  fields: (world) => ({ ...zoneFields(world), allocationstate: 'Enabled', hasannotations: false }),
});

export const listClusters: Command = listOfOne({
  name: 'listClusters',
  key: 'cluster',
  entity: 'Cluster',
  more: { allocationstate: { type: 'text' }, hypervisor: { type: 'text' }, managedstate: { type: 'text' } },
  place: (world) => world.description.cluster,
  fields: (world) => ({
    ...zoneFields(world),
    ...podFields(world),
    hypervisortype: hypervisorOf(world),
    hypervisor: hypervisorOf(world),
    clustertype: 'CloudManaged',
    allocationstate: 'Enabled',
    managedstate: 'Managed',
    hasannotations: false,
  }),
});

export const listHosts: Command = listOfOne({
  name: 'listHosts',
  key: 'host',
  entity: 'Host',
  more: {
    type: { type: 'text' },
    state: { type: 'text' },
    resourcestate: { type: 'text' },
    hypervisor: { type: 'text' },
  },
  place: ({ description: { cluster } }) => ({
    id: derivedId('host', cluster.id),
    name: `SimulatedAgent.${derivedId('agent', cluster.id)}`,
  }),
  fields: (world) => ({
    state: 'Up',
    type: 'Routing',
    ...zoneFields(world),
    ...podFields(world),
    ...clusterFields(world),
    clustertype: 'CloudManaged',
    hypervisor: hypervisorOf(world),
    version: world.description.version,
    resourcestate: 'Enabled',
    managementserverid: world.managementServerId,
    islocalstorageactive: false,
    hahost: false,
    hasannotations: false,
  }),
});

export const listStoragePools: Command = listOfOne({
  name: 'listStoragePools',
  key: 'storagepool',
  entity: 'StoragePool',
  more: { scope: { type: 'text' }, state: { type: 'text' } },
  place: (world) => world.description.storage,
  fields: (world) => ({
    ...zoneFields(world),
    ...podFields(world),
    ...clusterFields(world),
    type: 'NetworkFilesystem',
    scope: 'CLUSTER',
    state: 'Up',
    hypervisor: hypervisorOf(world),
    overprovisionfactor: '2.0',
    suitableformigration: false,
    hasannotations: false,
  }),
});

function zoneFields({ description: { zone } }: World): Fields {
  return { zoneid: zone.id, zonename: zone.name };
}

function podFields({ description: { pod } }: World): Fields {
  return { podid: pod.id, podname: pod.name };
}

function clusterFields({ description: { cluster } }: World): Fields {
  return { clusterid: cluster.id, clustername: cluster.name };
}

function hypervisorOf({ description: { machines } }: World): string {
  return machines[0]?.hypervisor ?? 'KVM';
}
