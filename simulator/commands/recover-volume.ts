import { ApiError, invalidParameter, permissionDenied } from '../api-error';
import { volumeAnswer } from '../answers/volume';
import { volumeOf } from '../call';
import type { Command } from '../call';
import { checkLimits } from '../resource-limits';

/** recoverVolume takes a destroyVolume back. Synchronous. */
export const recoverVolume: Command = {
  name: 'recoverVolume',
  parameters: { id: { type: 'id', entity: 'Volume', required: true } },
  run(call) {
    const volume = volumeOf(call);
    const { world } = call;
    if (call.caller.role !== 'admin' && !world.modes.allowUserExpungeRecoverVolume) {
      throw permissionDenied(
        'Recovering a volume can only be done by an Admin. Or when the allow.user.expunge.recover.volume key is set.',
      );
    }
    if (volume.state !== 'Destroy') throw invalidParameter('Please specify a volume in Destroy state.');
    try {
      checkLimits(world, world.account(volume.accountId), { primary_storage: volume.sizeBytes });
    } catch (error) {
      // The server hands the refusal on as one of a bad parameter.
      throw error instanceof ApiError ? invalidParameter(error.message) : error;
    }
    const recovered = world.volumes.put({ ...volume, state: 'Ready' });
    return { volume: volumeAnswer(call, recovered, call.caller) };
  },
};
