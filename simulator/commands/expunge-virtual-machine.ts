import { invalidParameter } from '../api-error';
import { machineOf } from '../call';
import type { Command } from '../call';
import { expungeMachine } from '../machine-removal';
import { checkMayExpunge } from './destroy-virtual-machine';

/** expungeVirtualMachine: of a destroyed VM, or one that could not be deployed. */
export const expungeVirtualMachine: Command = {
  name: 'expungeVirtualMachine',
  parameters: { id: { type: 'id', entity: 'VirtualMachine', required: true }, customjobid: { type: 'text' } },
  run(call) {
    const { id } = machineOf(call);
    return call.jobs.submit({
      caller: call.caller,
      customJobId: call.arguments.text('customjobid'),
      // One class for all roles (fixture vm-states).
      javaClass: 'org.apache.cloudstack.api.command.admin.vm.ExpungeVMCmd',
      instanceType: 'VirtualMachine',
      instanceId: id,
      work: async () => {
        checkMayExpunge(call, 'Expunging a vm can only be done by an Admin.');
        await call.jobs.inQueueOf(id, async () => {
          const { state, removed, number } = call.world.machine(id);
          if (removed !== null) throw invalidParameter(`Unable to find a virtual machine with id ${String(number)}`);
          // Expunging: a restart of the server cut the last one off.
          if (state !== 'Destroyed' && state !== 'Expunging' && state !== 'Error') {
            throw invalidParameter(`Please destroy vm with id ${id} before expunging`);
          }
          await expungeMachine(call, id);
        });
        return { success: true };
      },
    });
  },
};
