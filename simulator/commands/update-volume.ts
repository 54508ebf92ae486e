import { volumeAnswer } from '../answers/volume';
import { javaClass, volumeOf } from '../call';
import type { Command } from '../call';

/** updateVolume: name and delete protection (4.20), by a job. */
export const updateVolume: Command = {
  name: 'updateVolume',
  parameters: {
    id: { type: 'id', entity: 'Volume', required: true },
    name: { type: 'text' },
    deleteprotection: { type: 'flag', since: '4.20' },
    customjobid: { type: 'text' },
  },
  run(call) {
    const { id } = volumeOf(call);
    const name = call.arguments.text('name');
    return call.jobs.submit({
      caller: call.caller,
      customJobId: call.arguments.text('customjobid'),
      javaClass: javaClass(call.caller, 'volume', 'UpdateVolume'),
      instanceType: 'Volume',
      instanceId: id,
      work: () => {
        const volume = call.world.volume(id);
        const updated = call.world.volumes.put({
          ...volume,
          name: name === undefined || name === '' ? volume.name : name,
          deleteProtection: call.arguments.flag('deleteprotection') ?? volume.deleteProtection,
        });
        const answer = volumeAnswer(call, updated, call.caller);
        return Promise.resolve({ volume: answer });
      },
    });
  },
};
