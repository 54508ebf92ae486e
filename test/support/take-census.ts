import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { exportLayout } from '../../appliance/export-layout';
import type { SourceVmKey } from '../../domain/names';
import type { SimulatorControl } from './simulator-control';

/** Everything that a run can leave anywhere, by name. */
export interface Census {
  /** volumes in CloudStack that the world has not of itself: name, where attached */
  readonly volumes: readonly string[];
  /** snapshots of volumes in CloudStack: name, state */
  readonly snapshots: readonly string[];
  /** VMs in CloudStack that the world has not of itself: name, state */
  readonly machines: readonly string[];
  readonly pendingJobs: readonly string[];
  /** disks plugged into any guest, and devices and links that guests show */
  readonly devices: readonly string[];
  /** live rows of the source VM in the database */
  readonly rows: readonly string[];
  readonly exports: readonly string[];
  readonly locks: readonly string[];
  /** copying processes of this world that live */
  readonly processes: readonly string[];
}

export const nothing: Census = {
  volumes: [],
  snapshots: [],
  machines: [],
  pendingJobs: [],
  devices: [],
  rows: [],
  exports: [],
  locks: [],
  processes: [],
};

/** What is counted: a simulated CloudStack, a database, and what is below a folder. */
export interface CountedWorld {
  readonly control: Pick<SimulatorControl, 'world'>;
  readonly database: { query<T>(statement: string, values?: unknown[]): Promise<T[]> };
  readonly folder: string;
  readonly exportsDirectory: string;
  /** ids of the volumes and VMs that the world has of itself, before anything is done in it */
  ownThings(): ReadonlySet<string>;
}

/** Counts what there is, wherever it may be. */
export async function takeCensus(world: CountedWorld, vm: SourceVmKey): Promise<Census> {
  const simulated = await world.control.world();
  const layout = exportLayout(world.exportsDirectory);
  const own = world.ownThings();
  return {
    volumes: simulated.volumes
      .filter((volume) => !own.has(volume.id))
      .map((volume) => `${volume.name} at ${volume.virtualMachineId ?? 'nowhere'}`)
      .sort(),
    snapshots: simulated.snapshots.map((snapshot) => `${snapshot.name} ${snapshot.state}`).sort(),
    machines: simulated.machines
      .filter((machine) => !own.has(machine.id))
      .map((machine) => `${machine.name} ${machine.state}`)
      .sort(),
    pendingJobs: simulated.pendingJobs.map((job) => job.cmd),
    devices: simulated.machines.flatMap((machine) => [
      ...machine.plugged.map((volumeId) => `${volumeId} plugged into ${machine.id}`),
      ...machine.devices
        .filter((device) => device.links.length > 0)
        .map((device) => `${device.kernelName} in ${machine.id} as ${device.links.join(', ')}`),
    ]),
    rows: await liveRows(world, vm),
    exports: await namesIn(layout.links),
    locks: await namesIn(path.join(world.exportsDirectory, 'locks')),
    processes: await copiers(world.folder),
  };
}

/** Rows that say that something is there or under way. History, done operations and volumes that are gone are none. */
async function liveRows(world: CountedWorld, vm: SourceVmKey): Promise<string[]> {
  const of = [vm.site, vm.sourceId, vm.sourceVmId];
  const where = 'site = ? AND source_id = ? AND source_vm_id = ?';
  const mine = `volume_id IN (SELECT volume_id FROM volumes WHERE ${where})`;
  const mapped = mine.replace('volume_id IN', 'volume_uuid IN');
  const mappedForTest = mapped.replace('FROM volumes', 'FROM test_volumes');
  const counts: readonly (readonly [string, string])[] = [
    ['unfinished operations', `SELECT kind AS name FROM volume_operations WHERE state = 'recorded' AND ${where}`],
    ['volumes', `SELECT volume_name AS name FROM volumes WHERE gone_at IS NULL AND ${where}`],
    ['disks', `SELECT volume_id AS name FROM vm_disks WHERE ${where}`],
    ['mappings', `SELECT device_path AS name FROM device_mappings WHERE ${mapped}`],
    ["mappings of a test's volumes", `SELECT device_path AS name FROM device_mappings WHERE ${mappedForTest}`],
    ['exports', `SELECT export_name AS name FROM nbd_exports WHERE ${mine}`],
    ['unfinished VM operations', `SELECT kind AS name FROM vm_operations WHERE state = 'recorded' AND ${where}`],
    [
      'unfinished points',
      `SELECT CONCAT(purpose, ' ', state) AS name FROM recovery_points WHERE state IN ('taking', 'removing') AND ${where}`,
    ],
    ['test volumes', `SELECT volume_name AS name FROM test_volumes WHERE gone_at IS NULL AND ${where}`],
    ['live failovers', `SELECT failover_vm_name AS name FROM live_failovers WHERE ${where}`],
    ["tests' claims", `SELECT workflow_id AS name FROM vm_test_claims WHERE workflow_id IS NOT NULL AND ${where}`],
    ['slots', `SELECT CAST(disk_key AS CHAR) AS name FROM appliance_slots WHERE ${where}`],
  ];
  const found: string[] = [];
  for (const [what, statement] of counts) {
    const rows = await world.database.query<{ name: string }>(statement, of);
    found.push(...rows.map((row) => `${what}: ${row.name}`));
  }
  return found.sort();
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Processes whose command names this world's folder, but for its servers: an nbdkit of a copier's own has no `--unix`. */
async function copiers(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const command = (await readFile(`/proc/${name}/cmdline`, 'utf8')).replaceAll('\0', ' ').trim();
      const isServer = /^(\S*\/)?(nbdkit\b.* --unix |mariadbd\b|mysqld\b)/.test(command);
      if (command.includes(folder) && !isServer) found.push(command);
    } catch {
      // It has ended between the listing and the look.
    }
  }
  return found;
}
