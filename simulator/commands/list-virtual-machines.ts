import { machineAnswer } from '../answers/machine';
import type { Command } from '../call';
import { like, pageOf, scopeOf } from '../listing';
import { pagingParameters, scopeParameters } from '../parameters';

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
    details: { type: 'list' },
    tags: { type: 'map' },
  },
  run(call) {
    const { arguments: given, world, caller } = call;
    const inScope = scopeOf(call);
    const [id, name, state, keyword] = [
      given.text('id'),
      given.text('name'),
      given.text('state'),
      given.text('keyword'),
    ];
    const ids = given.list('ids');
    const tags = given.pairs('tags');
    const found = [...world.machines.values()].filter(
      (machine) =>
        machine.removed === null &&
        (machine.state !== 'Destroyed' || caller.role === 'admin') &&
        inScope(machine) &&
        (id === undefined || id === '' || machine.id === id) &&
        (ids === undefined || ids.includes(machine.id)) &&
        (name === undefined || name === '' || like(machine.name, name)) &&
        (state === undefined || state === '' || machine.state.toLowerCase() === state.toLowerCase()) &&
        (keyword === undefined || keyword === '' || like(machine.name, keyword)) &&
        (tags.size === 0 || world.tagsOf(machine.id).some((tag) => tags.get(tag.key) === tag.value)),
    );
    return pageOf(call, 'virtualmachine', found, (machine) => machineAnswer(call, machine, caller));
  },
};
