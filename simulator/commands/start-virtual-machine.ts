import { invalidParameter } from '../api-error';
import { machineAnswer } from '../answers/machine';
import { javaClass, machineOf } from '../call';
import type { Command } from '../call';
import { powerOn } from '../machine-power';

/** startVirtualMachine: what the server says of it; whether the guest comes up is the boot record's to tell. */
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
        await call.jobs.inQueueOf(id, () => powerOn(call, id));
        return { virtualmachine: machineAnswer(call, call.world.machine(id), call.caller) };
      },
    });
  },
};
