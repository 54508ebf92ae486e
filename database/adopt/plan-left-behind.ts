import type { AdoptionTerms, Find, LeftBehind } from './adoption-plan';
import type { OlderContext, OlderInstallation, OlderMapping, OlderVolume } from './older-rows';

/** What is not adopted: VMs with everything that is theirs. */
export interface Staying {
  readonly contexts: ReadonlySet<string>;
  readonly leftBehind: readonly LeftBehind[];
  /** whether a mapping is of a VM that stays */
  has(row: OlderMapping): boolean;
}

/**
 * VMs that stay with the older installation: those that were left out by name, and those that it failed over. Its word for such a one is
 * written before the step that it names, so where the volumes are, what wrote to them and what could be gone back to is not known well
 * enough to take it over. It stays whole: its disks, its mappings also where their row names no VM, and whatever else is mapped on its
 * failover VM.
 */
export function planLeftBehind(older: OlderInstallation, terms: AdoptionTerms, find: Find): Staying {
  const failedOver = older.contexts.filter(
    (context) => !terms.leaveOut.has(context.context_id) && isFailedOver(context),
  );
  const contexts = new Set([
    ...older.contexts.map(({ context_id: id }) => id).filter((id) => terms.leaveOut.has(id)),
    ...failedOver.map(({ context_id: id }) => id),
  ]);
  const volumesOf = volumesByContext(older);
  const others = new Set([...volumesOf].filter(([id]) => !contexts.has(id)).flatMap(([, volumes]) => [...volumes]));
  const staying = new Set([...volumesOf].filter(([id]) => contexts.has(id)).flatMap(([, volumes]) => [...volumes]));
  for (const volumeId of others) staying.delete(volumeId);
  const isOf = (row: OlderMapping): boolean => contexts.has(row.vm_context_id ?? '') || staying.has(row.volume_uuid);
  const machines = new Set(
    older.mappings.filter((row) => isOf(row) && !terms.appliances.has(row.vm_id)).map((row) => row.vm_id),
  );
  const leftBehind = failedOver.map((context) => {
    const volumes = [...(volumesOf.get(context.context_id) ?? [])];
    for (const volumeId of volumes.filter((id) => others.has(id))) {
      const what = `volume ${volumeId} is a disk of VM ${context.vm_name}, which is failed over, and of another VM; leave it out`;
      find('volume-twice', 'blocks', what);
    }
    find('failed-over', 'warning', wordsOf(context, volumes));
    const { context_id: contextId, vm_name: vmName, vmware_vm_id: sourceVmId } = context;
    return { contextId, vmName, sourceVmId: sourceVmId.toLowerCase(), status: String(context.current_status), volumes };
  });
  return { contexts, leftBehind, has: (row) => isOf(row) || machines.has(row.vm_id) };
}

function isFailedOver({ current_status: status }: OlderContext): boolean {
  return /^failed_over|^cleanup_required/.test(status ?? '');
}

function wordsOf(
  { vm_name: name, context_id: id, current_status: status }: OlderContext,
  volumes: readonly string[],
): string {
  const which = volumes.length === 0 ? 'no volume of it is known' : `with its volumes ${volumes.join(', ')}`;
  return `VM ${name} (${id}) is ${String(status)}: it stays behind whole, ${which}; to take it too, bring it back with the older system first`;
}

/** Volumes of each VM, by its disks and by its mappings. */
function volumesByContext(older: OlderInstallation): ReadonlyMap<string, ReadonlySet<string>> {
  const volumes = volumesByKey(older.volumes);
  const found = new Map<string, Set<string>>();
  const add = (contextId: string | null | undefined, volumeId: string | undefined): void => {
    if (!contextId || volumeId === undefined) return;
    found.set(contextId, (found.get(contextId) ?? new Set()).add(volumeId));
  };
  for (const disk of older.disks)
    add(disk.vm_context_id, volumes.get((disk.ossea_volume_id ?? '').toLowerCase())?.volume_id);
  for (const row of older.mappings) add(row.vm_context_id, row.volume_uuid);
  return found;
}

/** The older system's volumes by the two ids that its other rows name them by: its own, and CloudStack's. */
export function volumesByKey(volumes: readonly OlderVolume[]): ReadonlyMap<string, OlderVolume> {
  return new Map(
    volumes.flatMap((volume) => [
      [volume.id, volume],
      [volume.volume_id, volume],
    ]),
  );
}
