import { askStorage } from '../agent-work';
import { serverFailure } from '../api-error';
import { volumeText } from '../answers/volume';
import { volumeOf } from '../call';
import type { Command } from '../call';
import { checkDeletable, DELETABLE_STATES, expunge } from '../volume-removal';

/** deleteVolume is synchronous: it answers when the storage is done. */
export const deleteVolume: Command = {
  name: 'deleteVolume',
  parameters: { id: { type: 'id', entity: 'Volume', required: true } },
  async run(call) {
    const { world, faults } = call;
    const volume = volumeOf(call);
    checkDeletable(call, volume);
    if (!DELETABLE_STATES.has(volume.state)) throw serverFailure('Failed to delete volume');
    if (volume.onStorage) {
      world.volumes.put({ ...volume, state: 'Expunging' });
      const refusal = await askStorage(call, 'DeleteCommand', world.timings.deleteMs + faults.delayMs('work'));
      const reason = faults.get('fail-job')?.text ?? refusal?.details;
      if (reason !== undefined) {
        world.volumes.put({ ...volume, state: 'Destroy' });
        throw serverFailure(
          `Failed to expunge the volume ${volumeText(call, volume)} in Primary data store : ${reason}`,
        );
      }
    }
    expunge(call, volume.id);
    return { success: true };
  },
};
