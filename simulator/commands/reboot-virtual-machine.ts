import { serverFailure } from '../api-error';
import { machineAnswer } from '../answers/machine';
import { javaClass, machineOf } from '../call';
import type { Command } from '../call';
import { powerCycle } from '../machine-power';

/** rebootVirtualMachine: of a running VM only. */
export const rebootVirtualMachine: Command = {
  name: 'rebootVirtualMachine',
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
      javaClass: javaClass(call.caller, 'vm', 'RebootVM'),
      instanceType: 'VirtualMachine',
      instanceId: id,
      work: async () => {
        await call.jobs.inQueueOf(id, async () => {
          // CloudStack: RebootVMCmd, when UserVmManagerImpl answers nothing
          if (call.world.machine(id).state !== 'Running') throw serverFailure('Failed to reboot vm instance');
          await powerCycle(call, id);
        });
        return { virtualmachine: machineAnswer(call, call.world.machine(id), call.caller) };
      },
    });
  },
};
