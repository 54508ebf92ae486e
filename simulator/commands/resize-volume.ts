import { invalidParameter } from '../api-error';
import { volumeAnswer } from '../answers/volume';
import { javaClass, volumeOf } from '../call';
import type { Call, Command } from '../call';
import { makeSparseFile } from '../sparse-file';
import { checkCustomSize } from './create-volume';

const GIB = 1024 ** 3;

/** resizeVolume: in the VM's queue while attached; smaller only with `shrinkok`. */
export const resizeVolume: Command = {
  name: 'resizeVolume',
  parameters: {
    id: { type: 'id', entity: 'Volume', required: true },
    size: { type: 'long' },
    shrinkok: { type: 'flag' },
    diskofferingid: { type: 'id', entity: 'DiskOffering' },
    customjobid: { type: 'text' },
  },
  run(call) {
    const { id } = volumeOf(call);
    return call.jobs.submit({
      caller: call.caller,
      customJobId: call.arguments.text('customjobid'),
      javaClass: javaClass(call.caller, 'volume', 'ResizeVolume'),
      instanceType: 'Volume',
      instanceId: id,
      work: async () => {
        const { vmId } = call.world.volume(id);
        const sizeBytes = newSize(call, id);
        if (vmId === null) await resize(call, id, sizeBytes);
        else await call.jobs.inQueueOf(vmId, () => resize(call, id, sizeBytes));
        const answer = volumeAnswer(call, call.world.volume(id), call.caller);
        return { volume: answer };
      },
    });
  },
};

function newSize(call: Call, id: string): number {
  const volume = call.world.volume(id);
  if (volume.state !== 'Ready' && volume.state !== 'Allocated') {
    throw invalidParameter('Volume should be in ready or allocated state before attempting a resize.');
  }
  const asked = call.arguments.long('size');
  if (asked === undefined) throw invalidParameter('Either a disk offering or a size must be given');
  checkCustomSize(asked, call.world.description.customSizeGib);
  const sizeBytes = asked * GIB;
  if (sizeBytes < volume.sizeBytes && call.arguments.flag('shrinkok') !== true) {
    throw invalidParameter(
      `Going from existing size of ${String(volume.sizeBytes)} to size of ${String(sizeBytes)} would shrink the volume.` +
        'Need to sign off by supplying the shrinkok parameter with value of true.',
    );
  }
  return sizeBytes;
}

async function resize(call: Call, id: string, sizeBytes: number): Promise<void> {
  const { world, guests } = call;
  const before = world.volume(id);
  if (before.onStorage) {
    world.volumes.put({ ...before, state: 'Resizing' });
    await call.lifetime.wait(world.timings.attachMs + call.faults.delayMs('work'));
    makeSparseFile(guests.volumeFile(id), sizeBytes);
  }
  const resized = world.volumes.put({ ...world.volume(id), state: before.state, sizeBytes });
  guests.resize(resized);
}
