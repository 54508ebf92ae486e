import type { JsonObject, SnapshotRow } from '../rows';
import type { World } from '../world';
import { ownerFields } from '../projects';
import { apiDate } from './dates';
import { tagsOf } from './tags';

/** A snapshot of a volume as a listing shows it; of a volume that was expunged since, too. */
export function snapshotAnswer(world: World, snapshot: SnapshotRow): JsonObject {
  const { description } = world;
  const volume = world.volume(snapshot.volumeId);
  return {
    id: snapshot.id,
    ...ownerFields(world, snapshot.accountId),
    domainid: description.rootDomainId,
    domain: 'ROOT',
    domainpath: 'ROOT',
    volumeid: volume.id,
    volumename: volume.name,
    volumetype: volume.type,
    volumestate: volume.state,
    created: apiDate(snapshot.created),
    name: snapshot.name,
    intervaltype: 'MANUAL',
    state: snapshot.state,
    physicalsize: 0,
    zoneid: snapshot.zoneId,
    zonename: description.zone.name,
    revertable: false,
    virtualsize: snapshot.sizeBytes,
    tags: tagsOf(world, snapshot.id),
    hasannotations: false,
  };
}

/** How the server's messages name a snapshot (SnapshotVO.toString). */
export function snapshotText(world: World, snapshot: SnapshotRow): string {
  const fields = {
    id: snapshot.number,
    name: snapshot.name,
    state: snapshot.state,
    uuid: snapshot.id,
    version: '2.2',
    volumeId: world.volume(snapshot.volumeId).number,
  };
  return `Snapshot ${JSON.stringify(fields)}`;
}
