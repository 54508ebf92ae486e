import { machineAnswer } from '../answers/machine';
import { javaClass, machineOf } from '../call';
import type { Command } from '../call';

/** stopVirtualMachine: whatever was plugged goes, ghosts included. Stopping a stopped one succeeds. */
export const stopVirtualMachine: Command = {
  name: 'stopVirtualMachine',
  parameters: {
    id: { type: 'id', entity: 'VirtualMachine', required: true },
    forced: { type: 'flag' },
    customjobid: { type: 'text' },
  },
  run(call) {
    const { world, guests } = call;
    const { id } = machineOf(call);
    return call.jobs.submit({
      caller: call.caller,
      customJobId: call.arguments.text('customjobid'),
      javaClass: javaClass(call.caller, 'vm', 'StopVM'),
      instanceType: 'VirtualMachine',
      instanceId: id,
      work: async () => {
        await call.jobs.inQueueOf(id, async () => {
          const wasRunning = world.machine(id).state === 'Running';
          if (wasRunning) world.machines.put({ ...world.machine(id), state: 'Stopping', updated: Date.now() });
          await call.lifetime.wait(world.timings.powerMs + call.faults.delayMs('work'));
          if (!wasRunning) return;
          guests.unplugAll(id);
          world.machines.put({ ...world.machine(id), state: 'Stopped', updated: Date.now() });
        });
        const answer = machineAnswer(call, world.machine(id), call.caller);
        return { virtualmachine: answer };
      },
    });
  },
};
