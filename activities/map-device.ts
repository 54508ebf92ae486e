import type { Database } from '../database/database';
import type { DeviceMapping, DeviceMappings } from '../database/device-mappings';
import { devicePath } from '../domain/device-path';
import { failure } from '../domain/failures';
import { type VolumeRef, mapDeviceInputSchema } from '../domain/step-io';
import { activity } from './activity';
import type { ActivityRun, CurrentRun } from './activity-run';
import type { Effect } from './effect';
import { fenceOf } from './fence-of';
import type { Log } from './log';
import type { MainActivities } from './queues';

/** What mapDevice and unmapDevice need. */
export interface MappingWork {
  readonly database: Pick<Database, 'fenced'>;
  readonly mappings: DeviceMappings;
  readonly effect: Effect;
  readonly run: CurrentRun;
  readonly log: Log;
}

/**
 * mapDevice: the volume's row stands under its device path `remote-vm-{vm}-{volume}`, which no other volume can have.
 *
 * Why it is a step of its own: the older system's path left the volume out, so the second disk of every VM hit the unique key of
 * the first (VD-2025-0928-001). Here the database's keys decide, not a look before the insert: path, volume, and device node per
 * VM are unique; the same row again is success, anything else a conflict that names both.
 *
 * The log line is the one that operators of that system look for; it comes once per mapping that was really made.
 */
export function makeMapDevice(work: MappingWork): MainActivities['mapDevice'] {
  return activity(
    'mapDevice',
    work.run,
    mapDeviceInputSchema,
    (volume) => volume,
    async (volume, run) => {
      const { deviceNode, cloudStackDeviceId } = volume;
      return await mapVolume(work, run, volume, 'mapDevice.record', {
        vmId: volume.applianceId,
        role: 'replica',
        deviceNode,
        cloudStackDeviceId,
      });
    },
  );
}

/**
 * Records that a volume is on a VM, appliance or failover VM alike, under its one device path.
 *
 * @param place - the VM, what the volume is there, and where its device is, if that can be known
 * @throws mapping-conflict naming both
 */
export async function mapVolume(
  work: MappingWork,
  run: ActivityRun,
  volume: VolumeRef,
  effect: string,
  place: Pick<DeviceMapping, 'vmId' | 'role' | 'deviceNode' | 'cloudStackDeviceId'>,
): Promise<{ devicePath: string }> {
  const { diskKey, volumeId } = volume;
  const path = devicePath(place.vmId, volumeId);
  const mapped = await work.effect(effect, () =>
    work.database.fenced(fenceOf(volume, run), (tx) =>
      work.mappings.map(tx, {
        ...place,
        devicePath: path,
        volumeId,
        sizeBytes: volume.volumeBytes,
        ownerWorkflowId: run.workflowId,
        mappedByFirstRunId: volume.firstRunId,
      }),
    ),
  );
  if (mapped.outcome === 'conflict') {
    throw failure('mapping-conflict', {
      diskKey,
      what: mapped.what,
      otherVolumeId: mapped.other.volumeId,
      otherOwner: mapped.other.ownerWorkflowId,
      volumeId,
      owner: run.workflowId,
      applianceId: place.vmId,
    });
  }
  if (mapped.outcome === 'mapped') {
    work.log.info(
      {
        device_path: path,
        volume_uuid: volumeId,
        vm_id: place.vmId,
        ...(place.deviceNode === undefined ? {} : { device_node: place.deviceNode }),
        role: place.role,
        disk_key: diskKey,
        source_vm: volume.vmName,
      },
      `Device mapping created successfully device_path=${path}`,
    );
  }
  // Not always the path asked for: a mapping that was adopted from the older system keeps its own.
  const recorded = mapped.mapping.devicePath;
  const row = await work.mappings.ofVolume(volumeId);
  if (row?.devicePath !== recorded) throw new Error(`device path ${recorded} was recorded but is not there`);
  return { devicePath: recorded };
}
