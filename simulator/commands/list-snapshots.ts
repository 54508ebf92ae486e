import { invalidParameter } from '../api-error';
import { snapshotAnswer } from '../answers/snapshot';
import { checkAccess } from '../call';
import type { Call, Command } from '../call';
import { isTagged, like, pageOf, sameText, scopeOf } from '../listing';
import { pagingParameters, scopeParameters } from '../parameters';
import type { SnapshotRow } from '../rows';

/** SnapshotVO's types. Every snapshot of the simulated server is MANUAL. */
const TYPES = new Set(['MANUAL', 'RECURRING', 'TEMPLATE', 'HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'GROUP']);

/** listSnapshots: deleted ones are never shown, those of expunged volumes are. Several tags are OR-ed. */
export const listSnapshots: Command = {
  name: 'listSnapshots',
  parameters: {
    ...pagingParameters,
    ...scopeParameters,
    id: { type: 'id', entity: 'Snapshot' },
    ids: { type: 'ids', entity: 'Snapshot' },
    volumeid: { type: 'id', entity: 'Volume' },
    zoneid: { type: 'id', entity: 'Zone' },
    name: { type: 'text' },
    snapshottype: { type: 'text' },
    intervaltype: { type: 'text' },
    tags: { type: 'map' },
  },
  run(call) {
    const inScope = scopeOf(call);
    const wanted = filterOf(call);
    const found = [...call.world.snapshots.values()].filter(
      (snapshot) => snapshot.removed === null && inScope(snapshot) && wanted(snapshot),
    );
    return pageOf(call, 'snapshot', found, (snapshot) => snapshotAnswer(call.world, snapshot));
  },
};

function filterOf({ arguments: given, world, caller }: Call): (snapshot: SnapshotRow) => boolean {
  const [id, volumeId, zoneId, keyword] = [
    given.filled('id'),
    given.filled('volumeid'),
    given.filled('zoneid'),
    given.filled('keyword'),
  ];
  const name = given.text('name');
  const ids = given.list('ids');
  if (id !== undefined && ids !== undefined) {
    throw invalidParameter('Specify either id or ids but not both parameters');
  }
  if (volumeId !== undefined) {
    const volume = world.volume(volumeId);
    // Of an expunged volume only the snapshots' own owner counts (SnapshotManagerImpl.listSnapshots).
    if (volume.removed === null) checkAccess(caller, volume);
  }
  const type = typeAsked(given.filled('snapshottype'), 'Unsupported snapshot type');
  // An interval type counts only together with a volume.
  const interval =
    volumeId === undefined ? undefined : typeAsked(given.filled('intervaltype'), 'Unsupported snapstho interval type');
  const tags = given.pairs('tags');
  return (snapshot) =>
    (id === undefined || snapshot.id === id) &&
    (ids === undefined || ids.includes(snapshot.id)) &&
    (volumeId === undefined || snapshot.volumeId === volumeId) &&
    (zoneId === undefined || snapshot.zoneId === zoneId) &&
    (name === undefined || sameText(snapshot.name, name)) &&
    (keyword === undefined || like(snapshot.name, keyword)) &&
    (type ?? interval ?? 'MANUAL') === 'MANUAL' &&
    (tags.size === 0 || isTagged(world, snapshot.id, tags));
}

function typeAsked(text: string | undefined, refusal: string): string | undefined {
  if (text === undefined) return undefined;
  const type = text.toUpperCase();
  if (!TYPES.has(type)) throw invalidParameter(`${refusal} ${text}`);
  return type;
}
