import { randomUUID } from 'node:crypto';
import type { CloudStackApi } from '../../cloudstack/api';
import { tableNames } from '../../database/schema';
import { devicePath } from '../../domain/device-path';
import { localSite } from '../../stack/state-folder';
import { query } from './live-rows';
import type { TestStack } from './stack';

/** A VM of the demo's world that is none of the site's appliances. */
const NEIGHBOUR = '7d0f4a52-6c1e-4f0b-8a55-2b1f3c9e6d42';
const HOUR = 'UTC_TIMESTAMP(3) - INTERVAL 1 HOUR';

/** Other people's things beside an installation: none of them is ours to touch. */
export interface ForeignThings {
  /** All of them as they are now: volumes with tags and places, snapshots, VMs, rows. */
  census(): Promise<unknown>;
}

interface Owner {
  readonly site: string;
  readonly sourceId: string;
  readonly sourceVmId: string;
}

/**
 * Plants volumes of other people (attached to their VM, detached, with tags of their own, with tags of ours for another site, named
 * like ours), snapshots of them, and rows in our tables: broken ones of another site, sound ones of another source of this site.
 */
export async function plantForeignThings(
  stack: TestStack,
  api: CloudStackApi,
  makeVolume: (name: string, tags?: Record<string, string>) => Promise<string>,
): Promise<ForeignThings> {
  const elsewhere: Owner = { site: 'other', sourceId: 'vcenter-qc', sourceVmId: randomUUID() };
  const otherSource: Owner = { site: localSite, sourceId: 'vcenter-other', sourceVmId: randomUUID() };
  const volumes = {
    attached: await makeVolume('their-database'),
    tagged: await makeVolume('their-archive', { project: 'payroll', 'diskferry-note': 'not ours' }),
    named: await makeVolume('diskferry-pgtest1-2001-dddddddd'),
    ofOtherSite: await makeVolume('diskferry-pgtest1-2000-cccccccc', {
      'diskferry-owner': `replicate-vm/other/vcenter-qc/${elsewhere.sourceVmId}`,
      'diskferry-vm': `other/vcenter-qc/${elsewhere.sourceVmId}`,
      'diskferry-disk': '2000',
    }),
  };
  for (const id of [volumes.attached, volumes.ofOtherSite]) {
    await api.waitForJob((await api.attachVolume({ id, virtualMachineId: NEIGHBOUR })).jobId);
  }
  const snapshots: string[] = [];
  for (const [volumeId, name] of [
    [volumes.attached, 'their-snapshot'],
    [volumes.ofOtherSite, 'diskferry-pgtest1-2000-bbbbbbbb'],
  ] as const) {
    const taken = await api.createSnapshot({ volumeId, name, tags: { kept: 'for the auditors' } });
    await api.waitForJob(taken.jobId);
    snapshots.push(taken.id);
  }
  const [ofOtherSite = '?'] = snapshots.slice(1);
  for (const statement of brokenRows(elsewhere, volumes.ofOtherSite, ofOtherSite)) await query(stack, statement);
  for (const statement of soundRows(otherSource)) await query(stack, statement);

  const ids = Object.values(volumes);
  const marks = [elsewhere.sourceVmId, otherSource.sourceVmId, 'p-of-others', NEIGHBOUR, ...ids, ...snapshots];
  const isTheirs = (row: Record<string, unknown>): boolean => {
    const text = JSON.stringify(row);
    return marks.some((mark) => text.includes(mark));
  };
  return {
    census: async () => {
      const rows = await Promise.all(
        tableNames.map(
          async (table) => [table, (await query(stack, `SELECT * FROM ${table}`)).filter(isTheirs)] as const,
        ),
      );
      const machines = await api.listVirtualMachines({ listAll: true });
      return {
        rows: Object.fromEntries(rows),
        volumes: byId((await api.listVolumes({ listAll: true })).filter(({ id }) => ids.includes(id))),
        snapshots: byId(await api.listSnapshots({ ids: snapshots, listAll: true })),
        machines: byId(machines.filter(({ name }) => name !== 'appliance-qc')),
      };
    },
  };
}

function byId<T extends { readonly id: string }>(things: readonly T[]): T[] {
  return [...things].sort((one, other) => one.id.localeCompare(other.id));
}

/** What would be mended if it were of this site: a run said to go on, an open operation, a mapping and an export on nothing, a point half removed. */
function brokenRows({ site, sourceId, sourceVmId }: Owner, volumeId: string, snapshotId: string): string[] {
  const ofVm = `'${site}', '${sourceId}', '${sourceVmId}'`;
  const workflow = `replicate-vm/${site}/${sourceId}/${sourceVmId}`;
  const run = randomUUID();
  const keys = 'site, source_id, source_vm_id';
  return [
    `INSERT INTO volumes (${keys}, volume_id, volume_name, disk_key, size_bytes, created_by_workflow_id, created_by_first_run_id,
       copy_begun, generation, created_at)
     VALUES (${ofVm}, '${volumeId}', 'diskferry-pgtest1-2000-cccccccc', 2000, 1073741824, '${workflow}', '${run}', 0, 1, ${HOUR})`,
    `INSERT INTO replication_jobs (${keys}, workflow_id, first_run_id, vm_name, appliance_id, request_id, request_digest, phase,
       started_at, updated_at)
     VALUES (${ofVm}, '${workflow}', '${run}', 'pgtest1', '${NEIGHBOUR}', '${randomUUID()}', 'd', 'copying', ${HOUR}, ${HOUR})`,
    `INSERT INTO volume_operations (${keys}, workflow_id, first_run_id, id, kind, disk_key, attempt, volume_id, vm_id,
       chose_volume_id, state, doubtful, run_id, activity_id, epoch, created_at, updated_at)
     VALUES (${ofVm}, '${workflow}', '${run}', '${randomUUID()}', 'attach', 2000, 1, '${volumeId}', '${NEIGHBOUR}', 0, 'recorded', 0,
       '${run}', '1', 1, ${HOUR}, ${HOUR})`,
    `INSERT INTO device_mappings (device_path, vm_id, volume_uuid, device_node, owner_workflow_id, size_bytes)
     VALUES ('${devicePath(NEIGHBOUR, volumeId)}', '${NEIGHBOUR}', '${volumeId}', '/dev/not-there', '${workflow}', 1073741824)`,
    `INSERT INTO nbd_exports (volume_id, export_name, appliance_id, device_node, state, owner_workflow_id, created_at)
     VALUES ('${volumeId}', 'migration-vol-${volumeId}', '${NEIGHBOUR}', '/dev/not-there', 'open', '${workflow}', ${HOUR})`,
    `INSERT INTO vm_claims (${keys}, kind, workflow_id, run_id, epoch, since)
     VALUES (${ofVm}, 'replication', '${workflow}', '${run}', 7, ${HOUR})`,
    `INSERT INTO recovery_points (${keys}, id, purpose, state, workflow_id, first_run_id, created_at)
     VALUES (${ofVm}, 'p-of-others', 'cycle', 'removing', '${workflow}', '${run}', ${HOUR})`,
    `INSERT INTO recovery_point_snapshots (point_id, disk_key, boot, volume_id, size_bytes, generation, snapshot_id, snapshot_name)
     VALUES ('p-of-others', 2000, 1, '${volumeId}', 1073741824, 1, '${snapshotId}', 'diskferry-pgtest1-2000-bbbbbbbb')`,
  ];
}

/** A VM of another source that was replicated and released: nothing about it is wrong. */
function soundRows({ site, sourceId, sourceVmId }: Owner): string[] {
  const ofVm = `'${site}', '${sourceId}', '${sourceVmId}'`;
  const workflow = `replicate-vm/${site}/${sourceId}/${sourceVmId}`;
  const run = randomUUID();
  const volumeId = randomUUID();
  const keys = 'site, source_id, source_vm_id';
  return [
    `INSERT INTO volumes (${keys}, volume_id, volume_name, disk_key, size_bytes, created_by_workflow_id, created_by_first_run_id,
       copy_begun, generation, created_at, gone_at)
     VALUES (${ofVm}, '${volumeId}', 'diskferry-x-2000-aaaaaaaa', 2000, 1073741824, '${workflow}', '${run}', 1, 1, ${HOUR}, ${HOUR})`,
    `INSERT INTO replication_jobs (${keys}, workflow_id, first_run_id, vm_name, appliance_id, request_id, request_digest, phase,
       started_at, updated_at, ended_at)
     VALUES (${ofVm}, '${workflow}', '${run}', 'x', '${NEIGHBOUR}', '${randomUUID()}', 'd', 'replicated', ${HOUR}, ${HOUR}, ${HOUR})`,
    `INSERT INTO vm_claims (${keys}, kind, workflow_id, run_id, epoch, since) VALUES (${ofVm}, NULL, NULL, NULL, 3, NULL)`,
  ];
}
