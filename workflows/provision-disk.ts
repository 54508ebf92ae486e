import type { DiskRequest, ReplicationRequest } from '../domain/request';
import type { DeviceProof, VmRef, VolumeRef } from '../domain/step-io';
import type { RunView } from './run-view';
import type { UndoLedger } from './undo-ledger';

/** A disk that is created, attached, resolved and mapped: ready for the barrier. */
export interface ProvisionedDisk {
  readonly request: DiskRequest;
  readonly volume: VolumeRef;
  readonly device: DeviceProof;
  /** the volume was made by this run, so that it may be known to be zero */
  readonly created: boolean;
}

export interface ProvisionContext {
  readonly vm: VmRef;
  readonly request: ReplicationRequest;
  readonly attempt: number;
  /** the volume that this disk has already, to be written again */
  readonly existingVolumeId: string | undefined;
}

/** The four steps before the barrier, for one disk. Everything here can be undone without touching data. */
export async function provisionDisk(
  ledger: UndoLedger,
  view: RunView,
  context: ProvisionContext,
  request: DiskRequest,
): Promise<ProvisionedDisk> {
  const { vm, attempt, existingVolumeId } = context;
  const { account, domainId } = context.request;
  const disk = { ...vm, attempt, diskKey: request.key };

  const created = await ledger.run(request.key, 'createVolume', {
    ...disk,
    sizeBytes: request.sizeBytes,
    boot: request.boot === true,
    ...(request.backingUuid === undefined ? {} : { backingUuid: request.backingUuid }),
    ...(existingVolumeId === undefined ? {} : { existingVolumeId }),
    ...(account === undefined ? {} : { account }),
    ...(domainId === undefined ? {} : { domainId }),
  });
  const volume = { ...disk, volumeId: created.volumeId, volumeBytes: created.volumeBytes };
  view.stepEnds(request.key, { volumeId: created.volumeId, volumeBytes: created.volumeBytes });

  const attached = await ledger.run(request.key, 'attachVolume', volume);
  const device = await ledger.run(request.key, 'resolveDevice', volume);
  const mapped = await ledger.run(request.key, 'mapDevice', {
    ...volume,
    deviceNode: device.deviceNode,
    cloudStackDeviceId: attached.cloudStackDeviceId,
  });
  view.stepEnds(request.key, {
    step: 'provisioned',
    deviceNode: device.deviceNode,
    devicePath: mapped.devicePath,
  });
  return { request, volume, device, created: created.created };
}
