import { devicePath, parseDevicePath } from '../../domain/device-path';
import { volumeSerial } from '../../domain/names';
import { GIB } from '../../domain/sizes';
import type { AdoptionPlan, AdoptionTerms, Find, Finding, ListedVolume, PlannedMapping } from './adoption-plan';
import type { OlderInstallation, OlderMapping } from './older-rows';
import { groups, planDisks } from './plan-disks';
import { planLeftBehind } from './plan-left-behind';
import { planOperations } from './plan-operations';

const BY_ID = '/dev/disk/by-id/';

/** Plans an adoption. Pure: the same rows, terms and listing give the same plan. */
export function planAdoption(older: OlderInstallation, terms: AdoptionTerms): AdoptionPlan {
  const findings: Finding[] = [];
  const find: Find = (kind, severity, what) => {
    findings.push({ kind, severity, what });
  };
  const leftOut = (...ids: (string | null | undefined)[]): boolean =>
    ids.some((id) => typeof id === 'string' && terms.leaveOut.has(id));

  for (const row of older.unreadable) {
    const severity = leftOut(row.key) ? 'warning' : 'blocks';
    find('unreadable-row', severity, `${row.table}, row ${row.key}: ${row.problem}`);
  }
  const contexts = new Map(older.contexts.map((context) => [context.context_id, context]));
  const staying = planLeftBehind(older, terms, find);
  const rows = older.mappings.filter((row) => !leftOut(row.id, row.volume_uuid) && !staying.has(row));
  for (const [volumeId, same] of groups(rows, (row) => row.volume_uuid)) {
    if (same.length > 1) {
      find(
        'duplicate-volume',
        'blocks',
        `volume ${volumeId} has ${same.length} mappings: ${idsOf(same)}; leave all but one out`,
      );
    }
  }
  for (const [path, same] of groups(rows, (row) => row.device_path)) {
    if (same.length > 1) {
      const severity = terms.rewritePaths ? 'warning' : 'blocks';
      const volumes = same.map((row) => row.volume_uuid).join(', ');
      find('duplicate-path', severity, `device path ${path} stands for ${same.length} volumes: ${volumes}`);
    }
  }

  const mappings: PlannedMapping[] = [];
  const past: (PlannedMapping & { because: string })[] = [];
  for (const row of rows) {
    const planned = planMapping(row, terms, recordedBytes(older, row));
    if (planned.deviceNode === null && row.device_path.startsWith(BY_ID)) {
      const what = `volume ${row.volume_uuid} is recorded as ${row.device_path}, which is not the link of its serial; its device is proven at the next replication`;
      find('wrong-device', 'warning', what);
    }
    if (!terms.appliances.has(row.vm_id)) {
      find(
        'not-an-appliance',
        'warning',
        `volume ${row.volume_uuid} is on VM ${row.vm_id}, which is no configured appliance`,
      );
    }
    const because = terms.listed === undefined ? undefined : whyNotThere(row, terms.listed.get(row.volume_uuid));
    if (because === undefined) mappings.push(planned);
    else {
      find('not-attached-there', 'warning', `volume ${row.volume_uuid} is recorded on VM ${row.vm_id}, but ${because}`);
      past.push({ ...planned, because });
    }
  }
  const disks = planDisks(older, terms, contexts, staying.contexts, find);
  const operations = planOperations(older, disks, find);
  noteRuns(older, find);
  return { mappings, past, disks, operations, leftBehind: staying.leftBehind, findings };
}

/** A mapping of the older failover mode has size 0: its volume's row knows better. */
function recordedBytes(older: OlderInstallation, row: OlderMapping): number {
  if (typeof row.size === 'number' && row.size > 0) return row.size;
  return (older.volumes.find((volume) => volume.volume_id === row.volume_uuid)?.size_gb ?? 0) * GIB;
}

function planMapping(row: OlderMapping, terms: AdoptionTerms, bytes: number): PlannedMapping {
  const listed = terms.listed?.get(row.volume_uuid);
  const { form } = parseDevicePath(row.device_path);
  const replica = terms.appliances.has(row.vm_id);
  return {
    volumeId: row.volume_uuid,
    vmId: row.vm_id,
    devicePath: terms.rewritePaths ? devicePath(row.vm_id, row.volume_uuid) : row.device_path,
    olderPath: row.device_path,
    // A kernel name such as /dev/vdb is another disk after the next restart: it is proven anew, never believed. Nor is the link of
    // another volume's serial: the older system took the newest device where it did not find the volume's own.
    deviceNode:
      row.device_path.startsWith(BY_ID) && row.device_path.endsWith(`-${volumeSerial(row.volume_uuid)}`)
        ? row.device_path
        : null,
    cloudStackDeviceId: listed?.deviceId ?? row.cloudstack_device_id ?? null,
    role: replica ? 'replica' : form === 'vm-root' ? 'live_root' : 'live_data',
    sizeBytes: listed?.sizeBytes ?? bytes,
  };
}

function whyNotThere(row: OlderMapping, listed: ListedVolume | undefined): string | undefined {
  if (listed === undefined) return 'CloudStack does not list it';
  if (listed.vmId === row.vm_id) return undefined;
  return listed.vmId === undefined
    ? 'CloudStack says it is attached nowhere'
    : `CloudStack says it is on VM ${listed.vmId}`;
}

/** Jobs and exports of the older system. None of them is adopted: they stay readable in the older tables. */
function noteRuns(older: OlderInstallation, find: Find): void {
  for (const job of older.jobs) {
    if (/^(completed|failed|replication_failed|cancelled)$/.test(job.status)) continue;
    find(
      'stuck-job',
      'warning',
      `job ${job.id} of ${job.source_vm_name ?? '?'} stands in ${job.status}: replicate that VM again`,
    );
  }
  if (older.exports > 0) {
    find(
      'exports',
      'note',
      `${older.exports} exports of the older nbd-server: stop it; Diskferry opens exports of its own`,
    );
  }
}

function idsOf(rows: readonly OlderMapping[]): string {
  return rows.map((row) => row.id).join(', ');
}
