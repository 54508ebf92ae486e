import { invalidParameter } from '../api-error';
import { machineAnswer } from '../answers/machine';
import { javaClass, machineOf } from '../call';
import type { Call, Command } from '../call';
import { makeSparseFile } from '../sparse-file';

/** startVirtualMachine: volumes that were only allocated are created now; the guest names its disks anew. */
export const startVirtualMachine: Command = {
  name: 'startVirtualMachine',
  parameters: { id: { type: 'id', entity: 'VirtualMachine', required: true }, customjobid: { type: 'text' } },
  run(call) {
    const { id } = machineOf(call);
    return call.jobs.submit({
      caller: call.caller,
      customJobId: call.arguments.text('customjobid'),
      javaClass: javaClass(call.caller, 'vm', 'StartVM'),
      instanceType: 'VirtualMachine',
      instanceId: id,
      work: async () => {
        const { name, state } = call.world.machine(id);
        if (state === 'Running') throw invalidParameter(`The virtual machine ${id} (${name}) is already running`);
        await call.jobs.inQueueOf(id, () => start(call, id));
        const answer = machineAnswer(call, call.world.machine(id), call.caller);
        return { virtualmachine: answer };
      },
    });
  },
};

async function start(call: Call, id: string): Promise<void> {
  const { world, guests } = call;
  if (world.machine(id).state === 'Running') return;
  const disks = world.volumesOf(id);
  if (!disks.some((disk) => disk.deviceId === 0)) {
    throw invalidParameter(`Unable to create deployment, no usable volumes found for the VM: ${id}`);
  }
  world.machines.put({ ...world.machine(id), state: 'Starting', updated: Date.now() });
  await call.lifetime.wait(world.timings.powerMs + call.faults.delayMs('work'));
  world.machines.put({ ...world.machine(id), state: 'Running', updated: Date.now() });
  for (const { id: volumeId } of disks) {
    const disk = world.volume(volumeId);
    const created = disk.onStorage
      ? disk
      : world.volumes.put({ ...disk, state: 'Ready', placed: true, onStorage: true });
    if (created.type === 'ROOT') continue;
    makeSparseFile(guests.volumeFile(volumeId), created.sizeBytes);
    guests.plug(id, created);
  }
}
