import { machineAnswer } from '../answers/machine';
import { machineOf } from '../call';
import type { Call, Command } from '../call';
import { checkName } from '../deploy-request';
import type { MachineRow } from '../rows';

/** Details that the server keeps for itself, whatever a caller sets. */
const OWN_DETAILS = ['deployvm', 'Message.ReservedCapacityFreed.Flag', 'cpuNumber', 'memory'];

/** updateVirtualMachine: names and details, at once. Details that are named replace all that were there. Synchronous. */
export const updateVirtualMachine: Command = {
  name: 'updateVirtualMachine',
  parameters: {
    id: { type: 'id', entity: 'VirtualMachine', required: true },
    name: { type: 'text' },
    displayname: { type: 'text' },
    details: { type: 'map' },
    cleanupdetails: { type: 'flag' },
  },
  run(call) {
    const machine = machineOf(call);
    const given = call.arguments;
    const [name, displayName] = [given.text('name') ?? '', given.text('displayname') ?? ''];
    if (name !== '' && name !== machine.name) checkName(call, name, networksOf(call, machine));
    const updated = call.world.machines.put({
      ...machine,
      name: name === '' ? machine.name : name,
      displayName: displayName === '' ? machine.displayName : displayName,
      details: detailsAfter(call, machine),
    });
    return { virtualmachine: machineAnswer(call, updated, call.caller) };
  },
};

function networksOf({ world }: Call, machine: MachineRow): { id: string; name: string }[] {
  return machine.nics.flatMap((nic) => world.network(nic.networkId) ?? []);
}

function detailsAfter({ arguments: given }: Call, machine: MachineRow): MachineRow['details'] {
  const named = Object.fromEntries(given.fields('details'));
  const cleaned = given.flag('cleanupdetails') === true;
  if (!cleaned && Object.keys(named).length === 0) return machine.details;
  const kept = Object.entries(machine.details).filter(([detail]) => OWN_DETAILS.includes(detail));
  return { ...(cleaned ? {} : named), ...Object.fromEntries(kept) };
}
