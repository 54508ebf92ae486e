import type { MappedPlace } from '../database/mapping-history';

const roleWords: Readonly<Record<MappedPlace['role'], string>> = {
  replica: 'replica on the appliance',
  test_root: 'root of a test failover',
  test_data: 'data disk of a test failover',
  live_root: 'root of a live failover',
  live_data: 'data disk of a live failover',
};

/** Where a volume is and was, as lines for people: a block per place, the oldest first. */
export function historyLines(places: readonly MappedPlace[]): string[] {
  return places.flatMap((place) => [
    place.devicePath,
    `  VM     ${place.vmId}  ${roleWords[place.role]}`,
    `  from   ${place.mappedAt}  by ${place.ownerWorkflowId === '' ? 'nobody known' : place.ownerWorkflowId}`,
    place.unmappedAt === undefined
      ? '  to     now: it is mapped there'
      : `  to     ${place.unmappedAt}${place.unmappedBecause === undefined || place.unmappedBecause === '' ? '' : `  because ${place.unmappedBecause}`}`,
  ]);
}

/** What stands where a mapping has no device node. */
export function nodeWords(role: MappedPlace['role']): string {
  return role === 'replica' ? 'not proven since it was adopted' : 'in the failover VM';
}
