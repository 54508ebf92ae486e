import { derivedId } from './derived-id';
import type { EntityKind } from './parameters';
import type { World } from './world';

/** Whether the server ever knew this id: expunged volumes and VMs count, forgotten jobs do not. */
export function isKnown(world: World, kind: EntityKind, id: string): boolean {
  switch (kind) {
    case 'Volume':
      return world.volumes.get(id) !== undefined;
    case 'VirtualMachine':
      return world.machines.get(id) !== undefined;
    case 'Snapshot':
      return world.snapshots.get(id) !== undefined;
    case 'VMSnapshot':
      return world.vmSnapshots.get(id) !== undefined;
    case 'AsyncJob':
      return world.rememberedJob(id) !== undefined;
    case 'Zone':
      return world.description.zone.id === id;
    case 'DiskOffering':
      return world.diskOffering(id) !== undefined;
    case 'ServiceOffering':
      return world.serviceOffering(id) !== undefined;
    case 'Network':
      return world.network(id) !== undefined;
    case 'Template':
      return world.description.template.id === id;
    case 'Domain':
      return world.description.rootDomainId === id;
    case 'Project':
      return world.description.projects.some((project) => project.id === id);
    case 'Account':
      return world.accounts.get(id) !== undefined;
    case 'User':
      return world.description.accounts.some((account) => account.userId === id);
    case 'Host':
      return derivedId('host', world.description.cluster.id) === id;
    case 'Pod':
      return world.description.pod.id === id;
    case 'Cluster':
      return world.description.cluster.id === id;
    case 'StoragePool':
      return world.description.storage.id === id;
    case 'OsType':
      return derivedId('guest system', world.description.template.id) === id;
  }
}
