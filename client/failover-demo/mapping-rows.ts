import type { DeviceMapping } from '../../database/device-mappings';
import { devicePath } from '../../domain/device-path';
import { formatTable } from '../tables';
import type { Player } from './player';
import type { Scene } from './scene';

/** One row of the mapping table, with the names of what its ids stand for. */
export interface MappingRow {
  readonly sourceVm: string;
  readonly disk: number;
  readonly role: DeviceMapping['role'];
  readonly vm: string;
  readonly vmId: string;
  readonly volumeId: string;
  readonly devicePath: string;
}

/** Where the disks of a VM should be mapped: all of them on one VM of CloudStack. */
export interface Place {
  readonly vmId: string;
  readonly as: 'replica' | 'test' | 'live';
  /** by disk key */
  readonly volumes: ReadonlyMap<number, string>;
}

/**
 * The live rows of a VM's volumes, each expected to be exactly where it should be: on that VM, in its role, under
 * `remote-vm-{vm_id}-{volume_uuid}`.
 *
 * @throws DiskferryFailure `demo-failed`
 */
export async function readMappings(
  { records, simulator, expectations }: Scene,
  player: Player,
  places: readonly Place[],
): Promise<readonly MappingRow[]> {
  const [mappings, { machines }] = await Promise.all([records.mappings.list(), simulator.world()]);
  const wanted = places.flatMap(({ vmId, as, volumes }) =>
    [...volumes].map(([disk, volumeId]) => ({ vmId, disk, volumeId, role: roleOf(as, disk === player.boot.key) })),
  );
  const diskOf = new Map(wanted.map(({ volumeId, disk }) => [volumeId, disk]));
  const rows = mappings.flatMap(({ devicePath: path, vmId, volumeId, role }): MappingRow[] => {
    const disk = diskOf.get(volumeId);
    if (disk === undefined) return [];
    const vm = machines.find(({ id }) => id === vmId)?.name ?? vmId;
    return [{ sourceVm: player.name, disk, role, vm, vmId, volumeId, devicePath: path }];
  });
  const asText = (row: Pick<MappingRow, 'role' | 'devicePath' | 'disk'>) =>
    `disk ${String(row.disk)} as ${row.role}: ${row.devicePath}`;
  expectations.same(
    `${player.name}: every disk has one device path, on the VM where it is, in its role`,
    rows.map(asText).sort(),
    wanted.map(({ vmId, volumeId, ...row }) => asText({ ...row, devicePath: devicePath(vmId, volumeId) })).sort(),
  );
  const onAppliance = ({ role }: MappingRow) => (role === 'replica' ? 0 : 1);
  return rows.sort((a, b) => onAppliance(a) - onAppliance(b) || a.disk - b.disk);
}

function roleOf(as: Place['as'], boot: boolean): DeviceMapping['role'] {
  if (as === 'replica') return 'replica';
  return `${as}_${boot ? 'root' : 'data'}`;
}

/** The rows as a table. The volume's whole id is the end of its path. */
export function mappingLines(rows: readonly MappingRow[]): string[] {
  const cells = rows.map((row) => [
    row.sourceVm,
    String(row.disk),
    row.role,
    row.vm,
    row.volumeId.slice(0, 8),
    row.devicePath,
  ]);
  return formatTable(['SOURCE VM', 'DISK', 'ROLE', 'ON VM', 'VOLUME', 'DEVICE PATH'], cells, 1000).split('\n');
}
