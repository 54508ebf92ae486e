import { invalidParameter, serverFailure } from '../api-error';
import type { Call, Command } from '../call';
import { words } from '../snapshot-checks';
import { dropVmSnapshotFiles } from '../snapshot-files';
import { checkNoVmSnapshotTask, vmSnapshotOf } from '../vm-snapshot-checks';

/** deleteVMSnapshot, in the VM's queue. What the disks hold stays; the VM goes on from the snapshot before. */
export const deleteVmSnapshot: Command = {
  name: 'deleteVMSnapshot',
  parameters: {
    vmsnapshotid: { type: 'id', entity: 'VMSnapshot', required: true },
    customjobid: { type: 'text' },
  },
  run(call) {
    const { id, vmId } = vmSnapshotOf(call);
    return call.jobs.submit({
      caller: call.caller,
      customJobId: call.arguments.text('customjobid'),
      javaClass: 'org.apache.cloudstack.api.command.user.vmsnapshot.DeleteVMSnapshotCmd',
      instanceType: 'VmSnapshot',
      instanceId: id,
      work: async () => {
        const snapshot = call.world.vmSnapshot(id);
        if (snapshot.state !== 'Ready' && snapshot.state !== 'Error') {
          throw invalidParameter(
            `Can't delete the ${words(call.world).vmSnapshot} ${String(snapshot.number)} due to it is not in Created or Error, or Expunging State`,
          );
        }
        checkNoVmSnapshotTask(call.world, vmId);
        await call.jobs.inQueueOf(vmId, () => remove(call, id));
        return { success: true };
      },
    });
  },
};

async function remove(call: Call, id: string): Promise<void> {
  const { world } = call;
  const before = world.vmSnapshot(id);
  // A second delete, which waited behind the first.
  if (before.removed !== null) {
    throw invalidParameter(`unable to find the vm snapshot with id ${String(before.number)}`);
  }
  world.vmSnapshots.put({ ...before, state: 'Expunging' });
  await call.lifetime.wait(world.timings.snapshotMs + call.faults.delayMs('work'));
  const failure = call.faults.get('fail-job');
  if (failure !== undefined) {
    world.vmSnapshots.put(before);
    throw serverFailure(`Failed to delete vm snapshot; ${failure.text}`);
  }
  for (const child of world.vmSnapshotsOf(before.vmId)) {
    if (child.parentId === id) world.vmSnapshots.put({ ...child, parentId: before.parentId });
  }
  if (before.current && before.parentId !== null) {
    world.vmSnapshots.put({ ...world.vmSnapshot(before.parentId), current: true });
  }
  world.vmSnapshots.put({ ...before, state: 'Expunging', current: false, removed: Date.now() });
  dropVmSnapshotFiles(world, id);
}
