import type { DeviceProof, VolumeRef } from '../domain/step-io';
import type { RunActivities } from './activities';
import type { StepLedger } from './step-ledger';

/** Runs one part of something composed: as a step of its own that is counted and shown, or as it is. */
type RunPart = <T>(step: string, call: () => Promise<T>) => Promise<T>;

const asItIs: RunPart = (_step, call) => call();

/**
 * A replica leaves the appliance: export closed, mapping moved to the history, volume detached, device proven gone. That it comes
 * back is owed first, as one undo that goes on from wherever things stand.
 *
 * @throws StepFailed, Stopped as the ledger does
 */
export async function leaveAppliance(
  activities: RunActivities,
  ledger: Pick<StepLedger, 'attempt' | 'oweCall'>,
  volume: VolumeRef,
): Promise<void> {
  const { diskKey } = volume;
  ledger.oweCall(diskKey, 'returnToAppliance', volume, async () => {
    await returnToAppliance(activities, volume);
    return { outcome: 'undone' };
  });
  const leaving = { ...volume, mode: 'release' as const };
  await ledger.attempt(diskKey, 'closeExport', () => activities.closeExport(leaving));
  await ledger.attempt(diskKey, 'unmapDevice', () => activities.unmapDevice(leaving));
  await ledger.attempt(diskKey, 'detachVolume', () => activities.detachVolume(leaving));
  await ledger.attempt(diskKey, 'confirmDeviceGone', () => activities.confirmDeviceGone(leaving));
}

/** A volume comes to the appliance, or is there: attached, its device proven, mapped. Each part finds its own work. */
export async function returnToAppliance(
  activities: RunActivities,
  volume: VolumeRef,
  part: RunPart = asItIs,
): Promise<DeviceProof> {
  const { cloudStackDeviceId } = await part('attachVolume', () => activities.attachVolume(volume));
  const device = await part('resolveDevice', () => activities.resolveDevice(volume));
  const { deviceNode } = device;
  await part('mapDevice', () => activities.mapDevice({ ...volume, deviceNode, cloudStackDeviceId }));
  return device;
}
