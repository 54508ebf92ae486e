import { sourceIdSchema } from '../../domain/identifiers';
import { GIB } from '../../domain/sizes';
import type { AdoptionTerms, Find, PlannedDisk } from './adoption-plan';
import type { OlderContext, OlderInstallation } from './older-rows';
import { volumesByKey } from './plan-left-behind';

/** Which volume each disk of a source VM has, as far as the older system says so. */
export function planDisks(
  older: OlderInstallation,
  terms: AdoptionTerms,
  contexts: ReadonlyMap<string, OlderContext>,
  skipped: ReadonlySet<string>,
  find: Find,
): PlannedDisk[] {
  const volumes = volumesByKey(older.volumes);
  const planned = new Map<string, PlannedDisk>();
  /** vCenter hosts for which nobody said how requests call them */
  const hosts = new Set<string>();
  for (const disk of older.disks) {
    const context = contexts.get(disk.vm_context_id ?? '');
    const volume = volumes.get((disk.ossea_volume_id ?? '').toLowerCase());
    if (context === undefined || volume === undefined || skipped.has(context.context_id)) continue;
    if (terms.leaveOut.has(volume.volume_id)) continue;
    const listed = terms.listed?.get(volume.volume_id);
    if (terms.listed !== undefined && listed === undefined) {
      find(
        'volume-gone',
        'warning',
        `${disk.disk_id} of VM ${context.vm_name}: CloudStack does not list volume ${volume.volume_id}`,
      );
      continue;
    }
    const source = sourceIdSchema.safeParse(terms.sources.get(context.vcenter_host) ?? context.vcenter_host);
    const site = siteOf(older, terms, volume.volume_id);
    if (!source.success || site === undefined) {
      const why = source.success
        ? 'no appliance of the configuration tells its site: give --site'
        : `${context.vcenter_host} is no source id: give --source`;
      find('site-unclear', 'blocks', `${disk.disk_id} of VM ${context.vm_name}: ${why}`);
      continue;
    }
    if (listed?.vmId !== undefined && !older.mappings.some((row) => row.volume_uuid === volume.volume_id)) {
      find(
        'not-mapped',
        'warning',
        `${disk.disk_id} of VM ${context.vm_name}: volume ${volume.volume_id} is attached to VM ${listed.vmId}, but no mapping says so; look with diskferry doctor afterwards`,
      );
    }
    const diskKey = Number(disk.disk_id.slice('disk-'.length));
    const name = `${site}/${source.data}/${context.vmware_vm_id}/${String(diskKey)}`;
    const other = planned.get(name);
    if (other !== undefined && other.volumeId !== volume.volume_id) {
      find(
        'disk-twice',
        'blocks',
        `${disk.disk_id} of VM ${context.vm_name} has volumes ${other.volumeId} and ${volume.volume_id}; leave one out`,
      );
      continue;
    }
    if (!terms.sources.has(context.vcenter_host)) hosts.add(context.vcenter_host);
    planned.set(name, {
      site,
      sourceId: source.data,
      sourceVmId: context.vmware_vm_id.toLowerCase(),
      diskKey,
      // The older system knew the boot disk by this key and no other way.
      boot: diskKey === 2000,
      volumeId: volume.volume_id,
      volumeName: listed?.name ?? volume.volume_name ?? volume.volume_id,
      sizeBytes: listed?.sizeBytes ?? (volume.size_gb ?? 0) * GIB,
    });
  }
  for (const host of hosts) {
    find(
      'source-by-host',
      'warning',
      `disks of vCenter ${host} get the source id ${host}: requests must call it so to find their volumes; or give --source ${host}=ID`,
    );
  }
  for (const [volumeId, same] of groups([...planned.values()], (disk) => disk.volumeId)) {
    if (same.length < 2) continue;
    const disks = same.map((disk) => `disk ${String(disk.diskKey)} of ${disk.sourceVmId}`).join(' and ');
    find('volume-twice', 'blocks', `volume ${volumeId} is ${disks}; leave it out`);
  }
  return [...planned.values()];
}

function siteOf(older: OlderInstallation, terms: AdoptionTerms, volumeId: string): string | undefined {
  const mapping = older.mappings.find((row) => row.volume_uuid === volumeId);
  const sites = new Set(terms.appliances.values());
  return (
    (mapping === undefined ? undefined : terms.appliances.get(mapping.vm_id)) ??
    terms.site ??
    (sites.size === 1 ? [...sites][0] : undefined)
  );
}

/** Rows by what they have in common. */
export function groups<T>(rows: readonly T[], key: (row: T) => string): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const row of rows) found.set(key(row), [...(found.get(key(row)) ?? []), row]);
  return found;
}
