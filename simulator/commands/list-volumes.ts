import { invalidParameter } from '../api-error';
import { volumeAnswer } from '../answers/volume';
import type { Call, Command } from '../call';
import { textKey } from '../database-text';
import { isTagged, like, pageOf, sameText, scopeFor, covers } from '../listing';
import type { Scope } from '../listing';
import { countOnlyParameter, pagingParameters, scopeParameters } from '../parameters';
import type { VolumeRow } from '../rows';

/**
 * listVolumes: names match exactly, several tags are OR-ed, expunged volumes are never shown, destroyed ones are
 * (QueryManagerImpl.searchForVolumeIdsAndCount; `hostid` is checked and then not looked at there either).
 */
export const listVolumes: Command = {
  name: 'listVolumes',
  parameters: {
    ...pagingParameters,
    ...scopeParameters,
    ...countOnlyParameter,
    id: { type: 'id', entity: 'Volume' },
    ids: { type: 'ids', entity: 'Volume' },
    name: { type: 'text' },
    type: { type: 'text' },
    state: { type: 'text' },
    virtualmachineid: { type: 'id', entity: 'VirtualMachine' },
    zoneid: { type: 'id', entity: 'Zone' },
    diskofferingid: { type: 'id', entity: 'DiskOffering' },
    serviceofferingid: { type: 'id', entity: 'ServiceOffering' },
    hostid: { type: 'id', entity: 'Host' },
    podid: { type: 'id', entity: 'Pod' },
    clusterid: { type: 'id', entity: 'Cluster', adminOnly: true },
    storageid: { type: 'text', adminOnly: true },
    displayvolume: { type: 'flag', adminOnly: true },
    listsystemvms: { type: 'flag', adminOnly: true },
    isencrypted: { type: 'flag', adminOnly: true },
    tags: { type: 'map' },
  },
  run(call) {
    const scope = scopeFor(call);
    const wanted = filterOf(call);
    const found = candidates(call, scope).filter(
      (volume) => volume.removed === null && covers(scope, volume) && wanted(volume),
    );
    return pageOf(call, 'volume', found, (volume) => volumeAnswer(call, volume, call.caller));
  },
};

/** As few rows as an index gives; the filters are applied to them all the same. */
function candidates({ world, arguments: given }: Call, scope: Scope): VolumeRow[] {
  if (scope.kind === 'nothing') return [];
  const ids = given.names('id') ? [given.required('id')] : given.list('ids');
  if (ids !== undefined) return rowsOf(world.volumes, ids);
  const name = given.text('name');
  if (name !== undefined) return world.volumesByName.of(textKey(name));
  if (given.names('virtualmachineid')) return world.volumesOf(given.required('virtualmachineid'));
  const tags = given.pairs('tags');
  if (tags.size > 0) {
    const tagged = [...tags.keys()].flatMap((key) => world.tagsByKey.of(textKey(key)));
    return rowsOf(
      world.volumes,
      tagged.map((tag) => tag.resourceId),
    );
  }
  if (scope.kind === 'account') return world.volumesByAccount.of(scope.accountId);
  return [...world.accounts.values()].flatMap((account) => world.volumesByAccount.of(account.id));
}

function rowsOf(table: Call['world']['volumes'], ids: readonly string[]): VolumeRow[] {
  const rows: VolumeRow[] = [];
  for (const id of new Set(ids)) {
    const row = table.get(id);
    if (row !== undefined) rows.push(row);
  }
  return rows;
}

function filterOf({ arguments: given, world }: Call): (volume: VolumeRow) => boolean {
  if (given.names('id') && given.names('ids')) {
    throw invalidParameter('Specify either id or ids but not both parameters');
  }
  const id = (name: string): string | undefined => (given.names(name) ? given.text(name) : undefined);
  // Empty texts are looked for like any other (fixture authentication).
  const [name, type, state, keyword] = [
    given.text('name'),
    given.text('type'),
    given.text('state'),
    given.text('keyword'),
  ];
  const [vmId, zoneId, offeringId] = [id('virtualmachineid'), id('zoneid'), id('diskofferingid')];
  const storageId = given.text('storageid');
  if (storageId !== undefined && storageId !== world.description.storage.id) {
    throw invalidParameter(`Unable to find storage pool by uuid ${storageId}`);
  }
  // There is one pool, in one pod and one cluster.
  const onPool = storageId !== undefined || id('podid') !== undefined || id('clusterid') !== undefined;
  // Of a service offering its disk offering counts, which is that of roots alone.
  const serviceOfferingId = offeringId === undefined ? id('serviceofferingid') : undefined;
  const tags = given.pairs('tags');
  // All volumes are displayed, none is encrypted.
  const nothing = given.flag('displayvolume') === false || given.flag('isencrypted') === true;
  return (volume) =>
    !nothing &&
    (name === undefined || sameText(volume.name, name)) &&
    (type === undefined || like(volume.type, type)) &&
    (state === undefined || sameText(volume.state, state)) &&
    (vmId === undefined || volume.vmId === vmId) &&
    (zoneId === undefined || volume.zoneId === zoneId) &&
    (offeringId === undefined || volume.diskOfferingId === offeringId) &&
    (serviceOfferingId === undefined || volume.serviceOfferingId === serviceOfferingId) &&
    (!onPool || volume.placed) &&
    (keyword === undefined || [volume.name, volume.type, volume.state].some((text) => like(text, keyword))) &&
    (tags.size === 0 || isTagged(world, volume.id, tags));
}
