import { DeviceError } from '../appliance/ports';
import { failure } from '../domain/failures';
import { volumeSerial } from '../domain/names';
import { type DeviceProof, type VolumeRef, volumeRefSchema } from '../domain/step-io';
import { activity } from './activity';
import type { ApplianceWork } from './appliance-work';
import { deviceFailure } from './device-failure';
import { lookUntil } from './polling';

/** udev opens a new device to probe it, and a link may lead elsewhere for a moment; longer than this it is no passing thing. */
const PASSING_MS = 5_000;

/**
 * resolveDevice: the device node of the volume, found by its serial and proven by everything that can be asked without writing.
 * CloudStack's deviceid is never looked at: the guest names its disks in the order in which it meets them.
 *
 * Why it waits: the link appears after the attach is listed, by udev, sometimes only after a rescan. What is in use or wrong for a
 * moment is looked at again too, for a short while.
 *
 * Sources: reference cloudstack-api §3, §7 "In a Linux 6.1 guest"; field.md C10.
 */
export function makeResolveDevice(
  work: Pick<ApplianceWork, 'resolver' | 'clock' | 'polling' | 'run' | 'settings'>,
): (input: VolumeRef) => Promise<DeviceProof> {
  return activity(
    'resolveDevice',
    work.run,
    volumeRefSchema,
    (volume) => volume,
    async (volume, run) => {
      const { byIdDirectory, deviceWaitMs } = work.settings;
      const begun = work.clock.now();
      const proof = await lookUntil(work, run, deviceWaitMs, async () => {
        try {
          return await work.resolver.prove(volume.volumeId, volume.volumeBytes);
        } catch (error) {
          if (!(error instanceof DeviceError)) throw error;
          const mayPass = work.clock.now() - begun < Math.min(PASSING_MS, deviceWaitMs);
          if (error.kind !== 'missing' && !mayPass) throw deviceFailure(error, volume);
          return undefined;
        }
      });
      if (proof !== undefined) return proof;
      throw failure('device-missing', {
        diskKey: volume.diskKey,
        volumeId: volume.volumeId,
        applianceId: volume.applianceId,
        serial: volumeSerial(volume.volumeId),
        directory: byIdDirectory,
        waited: `${String(Math.round(deviceWaitMs / 100) / 10)} s`,
      });
    },
  );
}
