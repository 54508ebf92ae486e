import { volumeAnswer } from '../answers/volume';
import type { Call, Command } from '../call';
import { like, pageOf, scopeOf } from '../listing';
import { pagingParameters, scopeParameters } from '../parameters';
import type { VolumeRow } from '../rows';

/** listVolumes: names match exactly, several tags are OR-ed, expunged volumes are never shown, destroyed ones are. */
export const listVolumes: Command = {
  name: 'listVolumes',
  parameters: {
    ...pagingParameters,
    ...scopeParameters,
    id: { type: 'id', entity: 'Volume' },
    ids: { type: 'ids', entity: 'Volume' },
    name: { type: 'text' },
    type: { type: 'text' },
    state: { type: 'text' },
    virtualmachineid: { type: 'id', entity: 'VirtualMachine' },
    zoneid: { type: 'id', entity: 'Zone' },
    diskofferingid: { type: 'id', entity: 'DiskOffering' },
    tags: { type: 'map' },
  },
  run(call) {
    const inScope = scopeOf(call);
    const wanted = filterOf(call);
    const found: VolumeRow[] = [];
    for (const volume of call.world.volumes.values()) {
      if (volume.removed === null && inScope(volume) && wanted(volume)) found.push(volume);
    }
    return pageOf(call, 'volume', found, (volume) => volumeAnswer(call, volume, call.caller));
  },
};

function filterOf({ arguments: given, world }: Call): (volume: VolumeRow) => boolean {
  const one = (name: string): string | undefined => {
    const value = given.text(name);
    return value === '' ? undefined : value;
  };
  const [id, type, state, keyword] = [one('id'), one('type'), one('state'), one('keyword')];
  // An empty name is looked for like any other (fixture authentication).
  const name = given.text('name');
  const [vmId, zoneId, offeringId] = [one('virtualmachineid'), one('zoneid'), one('diskofferingid')];
  const ids = given.list('ids');
  const tags = given.pairs('tags');
  return (volume) =>
    (id === undefined || volume.id === id) &&
    (ids === undefined || ids.includes(volume.id)) &&
    (name === undefined || volume.name === name) &&
    (type === undefined || like(volume.type, type)) &&
    (state === undefined || volume.state === state) &&
    (vmId === undefined || volume.vmId === vmId) &&
    (zoneId === undefined || volume.zoneId === zoneId) &&
    (offeringId === undefined || volume.diskOfferingId === offeringId) &&
    (keyword === undefined || [volume.name, volume.type, volume.state].some((text) => like(text, keyword))) &&
    (tags.size === 0 || world.tagsOf(volume.id).some((tag) => tags.get(tag.key) === tag.value));
}
