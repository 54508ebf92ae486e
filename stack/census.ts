import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { exportLayout } from '../appliance/export-layout';
import { demoWorld } from '../simulator/worlds/demo';
import type { RunningStack } from './local-stack';
import { type SimulatedWorld, simulatorControl } from './simulator-control';

/** Everything of one kind that there is somewhere, told apart by whether somebody may still want it. */
export interface Counted {
  readonly what: string;
  readonly where: 'CloudStack' | 'database' | 'guests' | 'appliance' | 'Temporal';
  readonly found: number;
  /** those that have their place: replicas of VMs, snapshots of recovery points that are kept */
  readonly belong: number;
  /** the others, by name: none when all is well */
  readonly leftOver: readonly string[];
}

/** What the database says should be there while no run is at work and no VM is failed over. */
interface Wanted {
  /** volumes that stand for a disk, and those kept for a reason */
  readonly volumes: ReadonlySet<string>;
  /** source VM and disk key of those disks */
  readonly disks: ReadonlySet<string>;
  readonly snapshots: ReadonlySet<string>;
}

/** Rows that there are only while something is under way, or when something was forgotten. */
const passing: readonly (readonly [string, string])[] = [
  ['volumes of tests', 'SELECT volume_name FROM test_volumes WHERE gone_at IS NULL'],
  ['failovers that stand', 'SELECT failover_vm_name FROM live_failovers'],
  [
    'operations not finished',
    "SELECT CONCAT(kind, ' ', id) FROM volume_operations WHERE state = 'recorded' UNION ALL SELECT CONCAT(kind, ' ', id) FROM vm_operations WHERE state = 'recorded'",
  ],
  ['recovery points half taken', "SELECT id FROM recovery_points WHERE state IN ('taking', 'removing')"],
  [
    'claims that are held',
    'SELECT workflow_id FROM vm_claims WHERE workflow_id IS NOT NULL UNION ALL SELECT workflow_id FROM vm_test_claims WHERE workflow_id IS NOT NULL',
  ],
  ['exports', 'SELECT export_name FROM nbd_exports'],
];

/**
 * Counts everything that runs can leave over, in CloudStack, database, guests and on the appliance, while none is at work. What a
 * simulated world has of itself is not counted.
 *
 * Throws what mysql2 and the simulator throw.
 */
export async function takeCensus(stack: Pick<RunningStack, 'folder' | 'simulator'>): Promise<Counted[]> {
  const connection = await createConnection({
    host: '127.0.0.1',
    port: stack.folder.ports.mariadb,
    user: 'diskferry',
    password: stack.folder.databasePassword,
    database: 'diskferry',
    rowsAsArray: true,
  });
  const ask = async (sql: string): Promise<string[][]> => {
    const [rows] = await connection.query<RowDataPacket[][]>(sql);
    return rows.map((row) => row.map(String));
  };
  try {
    const world = await simulatorControl(() => stack.simulator.controlEndpoint).world();
    const wanted = await readWanted(ask);
    const rows: Counted[] = [];
    for (const [what, sql] of passing) {
      rows.push(
        counted(
          'database',
          what,
          (await ask(sql)).map(([name = '']) => ({ name })),
        ),
      );
    }
    return [
      ...inCloudStack(world, wanted),
      await mappings(ask, world, wanted),
      counted(
        'database',
        'slots of appliances',
        (await ask('SELECT source_vm_id, disk_key FROM appliance_slots')).map(([vm = '', disk = '']) => ({
          name: `disk ${disk} of ${vm}`,
          belongs: wanted.disks.has(`${vm} ${disk}`),
        })),
      ),
      ...rows,
      counted('appliance', 'links of exports', await exportLinks(stack.folder.path('exports'))),
      counted('appliance', 'copying processes', await copiers(stack.folder.directory)),
    ];
  } finally {
    connection.destroy();
  }
}

type Ask = (sql: string) => Promise<string[][]>;
interface Thing {
  readonly name: string;
  readonly belongs?: boolean;
}

function counted(where: Counted['where'], what: string, things: readonly Thing[]): Counted {
  const leftOver = things.filter(({ belongs }) => belongs !== true).map(({ name }) => name);
  return { what, where, found: things.length, belong: things.length - leftOver.length, leftOver };
}

async function readWanted(ask: Ask): Promise<Wanted> {
  const replicas = await ask(
    'SELECT d.volume_id, d.source_vm_id, d.disk_key FROM vm_disks d JOIN volumes v ON v.volume_id = d.volume_id WHERE v.gone_at IS NULL',
  );
  const kept = await ask('SELECT volume_id FROM volumes WHERE gone_at IS NULL AND kept_because IS NOT NULL');
  const snapshots = await ask(
    "SELECT s.snapshot_id FROM recovery_point_snapshots s JOIN recovery_points p ON p.id = s.point_id WHERE p.state = 'complete' AND p.purpose <> 'test' AND s.gone_at IS NULL",
  );
  return {
    volumes: new Set([...replicas, ...kept].map(([volumeId = '']) => volumeId)),
    disks: new Set(replicas.map(([, vm = '', disk = '']) => `${vm} ${disk}`)),
    snapshots: new Set(snapshots.flat()),
  };
}

function inCloudStack(world: SimulatedWorld, wanted: Wanted): Counted[] {
  const ownMachines = new Set(demoWorld.machines?.map(({ id }) => id));
  const ownVolumes = new Set(
    world.volumes
      .filter(({ type, virtualMachineId }) => type === 'ROOT' && ownMachines.has(virtualMachineId ?? undefined))
      .map(({ id }) => id),
  );
  const volumes = world.volumes.filter(({ id }) => !ownVolumes.has(id));
  return [
    counted(
      'CloudStack',
      'volumes',
      volumes.map(({ id, name }) => ({ name, belongs: wanted.volumes.has(id) })),
    ),
    counted(
      'CloudStack',
      'snapshots of volumes',
      world.snapshots.map(({ id, name }) => ({ name, belongs: wanted.snapshots.has(id) })),
    ),
    counted(
      'CloudStack',
      'failover VMs',
      world.machines.filter(({ id }) => !ownMachines.has(id)),
    ),
    counted(
      'CloudStack',
      'jobs at work',
      world.pendingJobs.map(({ id, cmd }) => ({ name: `${cmd} ${id}` })),
    ),
    counted(
      'guests',
      'disks plugged in',
      world.machines.flatMap((machine) =>
        machine.plugged
          .filter((volumeId) => !ownVolumes.has(volumeId))
          .map((volumeId) => ({ name: `${volumeId} in ${machine.name}`, belongs: wanted.volumes.has(volumeId) })),
      ),
    ),
  ];
}

/** A mapping belongs when it is a replica's and CloudStack has the volume on that very VM. */
async function mappings(ask: Ask, world: SimulatedWorld, wanted: Wanted): Promise<Counted> {
  const rows = await ask('SELECT device_path, vm_id, volume_uuid, role FROM device_mappings');
  return counted(
    'database',
    'device mappings',
    rows.map(([name = '', vmId = '', volumeId = '', role = '']) => ({
      name,
      belongs:
        role === 'replica' &&
        wanted.volumes.has(volumeId) &&
        world.volumes.some(({ id, virtualMachineId }) => id === volumeId && virtualMachineId === vmId),
    })),
  );
}

async function exportLinks(folder: string): Promise<Thing[]> {
  const appliances = await readdir(folder);
  const names = await Promise.all(appliances.map((id) => readdir(exportLayout(join(folder, id)).links)));
  return names.flat().map((name) => ({ name }));
}

/** Processes whose command names this stack's folder and that copy: a lock is held through them. */
async function copiers(folder: string): Promise<Thing[]> {
  const found: Thing[] = [];
  for (const id of await readdir('/proc')) {
    if (!/^\d+$/.test(id)) continue;
    const command = await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '');
    const words = command.replaceAll('\0', ' ').trim();
    if (words.includes(folder) && /\b(nbdcopy|qemu-img|flock)\b/.test(words)) found.push({ name: words });
  }
  return found;
}
