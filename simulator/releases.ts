import type { MachineRow } from './rows';

/** Releases at which something that clients meet changed (CloudStack reference §2.6). */
export type Release = '4.20' | '4.21' | '4.22' | '4.22.1' | '4.23';

/** Whether a server of this version has what came with that release. */
export function atLeast(version: string, release: Release): boolean {
  const [has, needs] = [version, release].map((text) => text.split('.').map(Number));
  for (const [index, part] of (needs ?? []).entries()) {
    const given = has?.[index] ?? 0;
    if (given !== part) return given > part;
  }
  return true;
}

/** What is left of a request's parameters on a server of this version: it reads over those that came later. */
export function withoutUnknownParameters(
  raw: ReadonlyMap<string, string>,
  rules: Readonly<Record<string, { readonly since?: Release }>>,
  version: string,
): ReadonlyMap<string, string> {
  const unknown = new Set(
    Object.entries(rules)
      .filter(([, { since }]) => since !== undefined && !atLeast(version, since))
      .map(([name]) => name),
  );
  return unknown.size === 0 ? raw : new Map([...raw].filter(([name]) => !unknown.has(name.toLowerCase())));
}

/** Refusal of an attach to a VM with VM snapshots. 4.20 renamed virtual machines to instances (VolumeApiServiceImpl). */
export function attachWithSnapshotsText(version: string, machine: MachineRow): string {
  const named = `${machine.name}/${machine.id}`;
  return atLeast(version, '4.20')
    ? `Unable to attach volume to Instance ${named}, please specify an Instance that does not have Instance Snapshots`
    : `Unable to attach volume to VM ${named}, please specify a VM that does not have VM snapshots`;
}

/** Refusal of a detach from a VM with VM snapshots; the wording before 4.20 is inferred from that of the attach. */
export function detachWithSnapshotsText(version: string): string {
  return atLeast(version, '4.20')
    ? 'Unable to detach volume, please specify an Instance that does not have Instance Snapshots'
    : 'Unable to detach volume, please specify a VM that does not have VM snapshots';
}

/** Refusal of an attach to a VM that is neither running nor stopped; "on of" is 4.23's own. */
export function attachVmStateText(version: string): string {
  return atLeast(version, '4.23')
    ? 'Please specify a VM that is on of the following states: [Running, Stopped].'
    : 'Please specify a VM that is either running or stopped.';
}
