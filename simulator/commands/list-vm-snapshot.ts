import { vmSnapshotAnswer } from '../answers/vm-snapshot';
import type { Command } from '../call';
import { like, pageOf, sameText, scopeOf } from '../listing';
import { pagingParameters, scopeParameters } from '../parameters';

/** listVMSnapshot (in the singular): a name is the display name, and matches exactly. */
export const listVmSnapshot: Command = {
  name: 'listVMSnapshot',
  parameters: {
    ...pagingParameters,
    ...scopeParameters,
    vmsnapshotid: { type: 'id', entity: 'VMSnapshot' },
    vmsnapshotids: { type: 'ids', entity: 'VMSnapshot' },
    virtualmachineid: { type: 'id', entity: 'VirtualMachine' },
    state: { type: 'text' },
    name: { type: 'text' },
  },
  run(call) {
    const { world, arguments: given } = call;
    const inScope = scopeOf(call);
    const byId = call.caller.role === 'admin' && given.names('vmsnapshotid');
    const same = (name: string, value: string): boolean => (given.filled(name) ?? value) === value;
    const ids = given.list('vmsnapshotids');
    const found = [...world.vmSnapshots.values()].filter(
      (snapshot) =>
        snapshot.removed === null &&
        (byId || inScope(snapshot)) &&
        same('vmsnapshotid', snapshot.id) &&
        (ids === undefined || ids.includes(snapshot.id)) &&
        same('virtualmachineid', snapshot.vmId) &&
        same('state', snapshot.state) &&
        sameText(given.filled('name') ?? snapshot.displayName, snapshot.displayName) &&
        [snapshot.name, snapshot.displayName].some((text) => like(text, given.text('keyword') ?? '')),
    );
    return pageOf(call, 'vmSnapshot', found, (snapshot) => vmSnapshotAnswer(world, snapshot));
  },
};
