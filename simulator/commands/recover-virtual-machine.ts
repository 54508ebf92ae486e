import { invalidParameter } from '../api-error';
import { machineAnswer } from '../answers/machine';
import { machineOf } from '../call';
import type { Command } from '../call';
import { checkMayExpunge } from './destroy-virtual-machine';

/** recoverVirtualMachine takes a destroy back: the VM is stopped, its root is there, its data volumes stay detached. Synchronous. */
export const recoverVirtualMachine: Command = {
  name: 'recoverVirtualMachine',
  parameters: { id: { type: 'id', entity: 'VirtualMachine', required: true } },
  run(call) {
    const machine = machineOf(call);
    checkMayExpunge(call, 'Recovering a vm can only be done by an Admin.');
    if (machine.state !== 'Destroyed') throw invalidParameter(`Vm with id ${machine.id} is not in the right state`);
    const recovered = call.world.machines.put({ ...machine, state: 'Stopped', updated: Date.now() });
    return { virtualmachine: machineAnswer(call, recovered, call.caller) };
  },
};
