import { invalidParameter } from '../api-error';
import { volumeAnswer } from '../answers/volume';
import { volumeOf } from '../call';
import type { Command } from '../call';

/** recoverVolume takes a destroyVolume back. Synchronous. */
export const recoverVolume: Command = {
  name: 'recoverVolume',
  parameters: { id: { type: 'id', entity: 'Volume', required: true } },
  run(call) {
    const volume = volumeOf(call);
    if (volume.state !== 'Destroy') throw invalidParameter('Please specify a volume in Destroy state.');
    const recovered = call.world.volumes.put({ ...volume, state: 'Ready' });
    return { volume: volumeAnswer(call, recovered, call.caller) };
  },
};
