import { sourceVmPath } from '../domain/names';
import { DeviceError } from '../appliance/ports';
import { failure } from '../domain/failures';
import type { VolumeRef } from '../domain/step-io';

/**
 * The failure of a device that is not what it must be; anything else is given back as it is. A missing one counts as wrong here:
 * whoever waits for a device to appear says so itself.
 */
export function deviceFailure(error: unknown, volume: VolumeRef): unknown {
  if (!(error instanceof DeviceError)) return error;
  const { diskKey, volumeId } = volume;
  const deviceNode = error.deviceNode ?? '?';
  return error.kind === 'in-use'
    ? failure(
        'device-in-use',
        { diskKey, volumeId, deviceNode, evidence: error.evidence, vm: sourceVmPath(volume) },
        { cause: error },
      )
    : failure('device-wrong', { diskKey, volumeId, deviceNode, evidence: error.evidence }, { cause: error });
}
