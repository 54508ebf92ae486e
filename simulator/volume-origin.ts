import { invalidParameter } from './api-error';
import { snapshotText } from './answers/snapshot';
import { checkAccess, machineOf } from './call';
import type { Call } from './call';
import { attachVmStateText } from './releases';
import type { SnapshotRow } from './rows';

const GIB = 1024 ** 3;
/** `storage.max.volume.size` */
const MAX_VOLUME_GIB = 2000;

/** What a new volume is made of: a disk offering, a snapshot, or both. */
interface VolumeOrigin {
  readonly snapshot: SnapshotRow | undefined;
  readonly diskOfferingId: string | null;
  readonly templateId: string | null;
  readonly sizeBytes: number;
  /** undefined when neither the call nor a snapshot says it */
  readonly zoneId: string | undefined;
}

/**
 * Judges what createVolume was given, in the order of VolumeApiServiceImpl.allocVolume. A volume from a snapshot of a data disk
 * has that one's offering and size, and a `size` is passed over; one from a root's snapshot may have an offering of its own.
 *
 * @throws ApiError 431, 531 for another account's snapshot
 */
export function originOf(call: Call): VolumeOrigin {
  const { world, arguments: given } = call;
  const offeringId = given.filled('diskofferingid');
  const snapshotId = given.filled('snapshotid');
  const zoneId = given.filled('zoneid');
  if (offeringId === undefined && snapshotId === undefined) {
    throw invalidParameter('At least one of disk Offering ID or snapshot ID must be passed whilst creating volume');
  }
  const snapshot = snapshotId === undefined ? undefined : world.snapshot(snapshotId);
  if (snapshot !== undefined && offeringId !== undefined && world.volume(snapshot.volumeId).type !== 'ROOT') {
    throw invalidParameter(
      'Disk Offering ID cannot be passed whilst creating volume from snapshot other than ROOT disk snapshots',
    );
  }
  const offeredBytes = offeringId === undefined ? undefined : sizeOf(call, offeringId) * GIB;
  if (snapshot === undefined) {
    return { snapshot, diskOfferingId: offeringId ?? null, templateId: null, sizeBytes: offeredBytes ?? 0, zoneId };
  }
  checkSnapshot(call, snapshot, offeredBytes);
  const source = world.volume(snapshot.volumeId);
  return {
    snapshot,
    diskOfferingId: offeringId ?? source.diskOfferingId,
    templateId: source.templateId,
    sizeBytes: offeredBytes ?? snapshot.sizeBytes,
    zoneId: zoneId ?? snapshot.zoneId,
  };
}

function checkSnapshot(call: Call, snapshot: SnapshotRow, offeredBytes: number | undefined): void {
  const { world, caller, arguments: given } = call;
  if (snapshot.state !== 'BackedUp') {
    throw invalidParameter(
      `Snapshot ${snapshotText(world, snapshot)} is not in BackedUp state yet and can't be used for volume creation`,
    );
  }
  if (offeredBytes !== undefined && offeredBytes < snapshot.sizeBytes) {
    throw invalidParameter(
      `Invalid size for volume creation: ${String(offeredBytes / GIB)}GB, snapshot size is: ${String(snapshot.sizeBytes / GIB)}GB`,
    );
  }
  checkAccess(caller, snapshot);
  if (given.filled('virtualmachineid') === undefined) return;
  const { state } = machineOf(call, 'virtualmachineid');
  if (state !== 'Running' && state !== 'Stopped') throw invalidParameter(attachVmStateText(world.modes.version));
}

/** GiB of an offering, or the custom size that the call asks of it. */
function sizeOf({ world, arguments: given }: Call, offeringId: string): number {
  const fixed = world.diskOffering(offeringId)?.sizeGib;
  const asked = given.long('size');
  if (fixed !== undefined) {
    if (asked !== undefined) throw invalidParameter('This disk offering does not allow custom size');
    return fixed;
  }
  if (asked === undefined) throw invalidParameter('This disk offering requires a custom size specified');
  checkCustomSize(asked, world.description.customSizeGib);
  return asked;
}

/** @throws ApiError 431 when a custom size is outside of what the site allows */
export function checkCustomSize(sizeGib: number, { min, max }: { readonly min: number; readonly max: number }): void {
  if (sizeGib <= 0) throw invalidParameter('Disk size must be larger than 0');
  if (sizeGib < min || sizeGib > max) {
    throw invalidParameter(
      `Volume size: ${String(sizeGib)} GB is out of allowed range. Min: ${String(min)}. Max: ${String(max)}`,
    );
  }
  if (sizeGib > MAX_VOLUME_GIB) {
    throw invalidParameter(
      `Requested volume size is ${String(sizeGib * GIB)}, but the maximum size allowed is ${String(MAX_VOLUME_GIB)} GB.`,
    );
  }
}
