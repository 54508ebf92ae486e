import { machineAnswer } from '../answers/machine';
import { javaClass, machineOf } from '../call';
import type { Command } from '../call';
import { powerOff } from '../machine-power';

/** stopVirtualMachine: stopping a stopped one succeeds. */
export const stopVirtualMachine: Command = {
  name: 'stopVirtualMachine',
  parameters: {
    id: { type: 'id', entity: 'VirtualMachine', required: true },
    forced: { type: 'flag' },
    customjobid: { type: 'text' },
  },
  run(call) {
    const { id } = machineOf(call);
    return call.jobs.submit({
      caller: call.caller,
      customJobId: call.arguments.text('customjobid'),
      javaClass: javaClass(call.caller, 'vm', 'StopVM'),
      instanceType: 'VirtualMachine',
      instanceId: id,
      work: async () => {
        await call.jobs.inQueueOf(id, () => powerOff(call, id));
        return { virtualmachine: machineAnswer(call, call.world.machine(id), call.caller) };
      },
    });
  },
};
