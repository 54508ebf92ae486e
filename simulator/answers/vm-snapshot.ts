import type { JsonObject, VmSnapshotRow } from '../rows';
import type { World } from '../world';
import { ownerFields } from '../projects';
import { apiDate } from './dates';

/** A snapshot of a VM as `listVMSnapshot` shows it (ApiResponseHelper.createVMSnapshotResponse). */
export function vmSnapshotAnswer(world: World, snapshot: VmSnapshotRow): JsonObject {
  const { description } = world;
  const machine = world.machine(snapshot.vmId);
  const parent = snapshot.parentId === null ? undefined : world.vmSnapshot(snapshot.parentId);
  return {
    id: snapshot.id,
    name: snapshot.name,
    state: snapshot.state,
    description: snapshot.description ?? undefined,
    displayname: snapshot.displayName,
    zoneid: snapshot.zoneId,
    zonename: description.zone.name,
    virtualmachineid: machine.id,
    virtualmachinename: machine.displayName,
    parent: parent?.id,
    parentName: parent?.displayName,
    current: snapshot.current,
    type: snapshot.type,
    created: apiDate(snapshot.created),
    ...ownerFields(world, snapshot.accountId),
    domainid: description.rootDomainId,
    domain: 'ROOT',
    domainpath: 'ROOT',
    hypervisor: machine.hypervisor,
    tags: [],
    hasannotations: false,
  };
}
