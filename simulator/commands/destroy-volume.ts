import { invalidParameter, permissionDenied, serverFailure } from '../api-error';
import { volumeAnswer } from '../answers/volume';
import { javaClass, volumeOf } from '../call';
import type { Command } from '../call';
import { checkDeletable, DELETABLE_STATES, expunge } from '../volume-removal';

/** destroyVolume: Destroy can be taken back by recoverVolume, unless `expunge` is set. */
export const destroyVolume: Command = {
  name: 'destroyVolume',
  parameters: {
    id: { type: 'id', entity: 'Volume', required: true },
    expunge: { type: 'flag' },
    customjobid: { type: 'text' },
  },
  run(call) {
    const { id } = volumeOf(call);
    const forEver = call.arguments.flag('expunge') === true;
    return call.jobs.submit({
      caller: call.caller,
      customJobId: call.arguments.text('customjobid'),
      javaClass: javaClass(call.caller, 'volume', 'DestroyVolume'),
      instanceType: 'Volume',
      instanceId: id,
      work: async () => {
        const volume = call.world.volume(id);
        checkDeletable(call, volume);
        if (forEver && call.caller.role !== 'admin' && !call.world.modes.allowUserExpungeRecoverVolume) {
          throw permissionDenied(
            'Expunging a volume can only be done by an Admin. Or when the allow.user.expunge.recover.volume key is set.',
          );
        }
        if (!DELETABLE_STATES.has(volume.state)) throw serverFailure('Failed to destroy volume');
        if (volume.state === 'Allocated' && !forEver) {
          throw invalidParameter('The volume in Allocated/Uploaded state can only be expunged not destroyed/recovered');
        }
        await call.lifetime.wait(call.world.timings.deleteMs + call.faults.delayMs('work'));
        const destroyed = call.world.volumes.put({ ...volume, state: 'Destroy' });
        const answer = volumeAnswer(call, destroyed, call.caller);
        if (forEver) expunge(call, id);
        return { volume: answer };
      },
    });
  },
};
