import { invalidParameter } from '../api-error';
import { instanceName, machineAnswer, machineDetails } from '../answers/machine';
import type { Call, Command } from '../call';
import { like, pageOf, scopeOf } from '../listing';
import { pagingParameters, scopeParameters } from '../parameters';
import type { MachineRow } from '../rows';

/** States that only root admins see (`allow.user.view.destroyed.vm` is off). */
const GONE = new Set<MachineRow['state']>(['Destroyed', 'Expunging']);

/** listVirtualMachines: names by LIKE, destroyed ones shown to admins, expunged ones never. */
export const listVirtualMachines: Command = {
  name: 'listVirtualMachines',
  parameters: {
    ...pagingParameters,
    ...scopeParameters,
    id: { type: 'id', entity: 'VirtualMachine' },
    ids: { type: 'ids', entity: 'VirtualMachine' },
    name: { type: 'text' },
    state: { type: 'text' },
    zoneid: { type: 'id', entity: 'Zone' },
    networkid: { type: 'id', entity: 'Network' },
    templateid: { type: 'id', entity: 'Template' },
    serviceofferingid: { type: 'id', entity: 'ServiceOffering' },
    hypervisor: { type: 'text' },
    details: { type: 'list' },
    tags: { type: 'map' },
  },
  run(call) {
    const inScope = scopeOf(call);
    const asked = askedDetails(call);
    const wanted = filterOf(call);
    const found = [...call.world.machines.values()].filter(
      (machine) =>
        machine.removed === null &&
        (!GONE.has(machine.state) || call.caller.role === 'admin') &&
        inScope(machine) &&
        wanted(machine),
    );
    // CloudStack: VMs are listed by their id, unlike volumes.
    return pageOf(
      call,
      'virtualmachine',
      found,
      (machine) => machineAnswer(call, machine, call.caller, asked),
      'as listed',
    );
  },
};

function filterOf({ arguments: given, world, caller }: Call): (machine: MachineRow) => boolean {
  const one = (name: string): string | undefined => {
    const value = given.text(name);
    return value === '' ? undefined : value;
  };
  const [id, name, keyword, state] = [one('id'), one('name'), one('keyword'), one('state')?.toLowerCase()];
  const [zoneId, networkId, hypervisor] = [one('zoneid'), one('networkid'), one('hypervisor')?.toLowerCase()];
  const [templateId, offeringId] = [one('templateid'), one('serviceofferingid')];
  const ids = given.list('ids');
  const tags = given.pairs('tags');
  const texts = (machine: MachineRow): string[] => [
    machine.name,
    machine.displayName,
    machine.state,
    ...(caller.role === 'admin' ? [instanceName(machine)] : []),
  ];
  return (machine) =>
    (id === undefined || machine.id === id) &&
    (ids === undefined || ids.includes(machine.id)) &&
    (name === undefined || like(machine.name, name)) &&
    // `present` is no state: whatever was not destroyed.
    (state === undefined || (state === 'present' ? !GONE.has(machine.state) : machine.state.toLowerCase() === state)) &&
    (zoneId === undefined || machine.zoneId === zoneId) &&
    (networkId === undefined || machine.nics.some((nic) => nic.networkId === networkId)) &&
    (templateId === undefined || world.description.template.id === templateId) &&
    (offeringId === undefined || machine.serviceOfferingId === offeringId) &&
    (hypervisor === undefined || machine.hypervisor.toLowerCase() === hypervisor) &&
    (keyword === undefined || texts(machine).some((text) => like(text, keyword))) &&
    (tags.size === 0 || world.tagsOf(machine.id).some((tag) => tags.get(tag.key) === tag.value));
}

/** @throws ApiError 431 for a part that the server does not know */
function askedDetails({ arguments: given }: Call): ReadonlySet<string> {
  const asked = given.list('details') ?? ['all'];
  if (asked.every((part) => machineDetails.includes(part))) return new Set(asked);
  throw invalidParameter(
    `The details parameter contains a non permitted value. The allowed values are [${machineDetails.join(', ')}]`,
  );
}
