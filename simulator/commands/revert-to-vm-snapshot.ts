import { ApiError, invalidParameter } from '../api-error';
import { machineAnswer } from '../answers/machine';
import type { Call, Command } from '../call';
import { javaClass } from '../call';
import type { VmSnapshotRow } from '../rows';
import { words } from '../snapshot-checks';
import { fillMachine } from '../snapshot-files';
import { checkNoVmSnapshotTask, vmSnapshotOf } from '../vm-snapshot-checks';

/** revertToVMSnapshot: a VM that runs takes back a snapshot with memory, a stopped one a snapshot of its disks. */
export const revertToVmSnapshot: Command = {
  name: 'revertToVMSnapshot',
  parameters: {
    vmsnapshotid: { type: 'id', entity: 'VMSnapshot', required: true },
    customjobid: { type: 'text' },
  },
  run(call) {
    const { id, vmId } = vmSnapshotOf(call);
    return call.jobs.submit({
      caller: call.caller,
      customJobId: call.arguments.text('customjobid'),
      javaClass: javaClass(call.caller, 'vmsnapshot', 'RevertToVMSnapshot'),
      instanceType: 'VmSnapshot',
      instanceId: id,
      work: async () => {
        checkRevertible(call, call.world.vmSnapshot(id));
        await call.jobs.inQueueOf(vmId, () => revert(call, id));
        return { virtualmachine: machineAnswer(call, call.world.machine(vmId), call.caller) };
      },
    });
  },
};

/** In the order of VMSnapshotManagerImpl.revertToSnapshot. */
function checkRevertible({ world }: Call, snapshot: VmSnapshotRow): void {
  checkNoVmSnapshotTask(world, snapshot.vmId);
  const { vm, vmSnapshot } = words(world);
  const { state } = world.machine(snapshot.vmId);
  if (state !== 'Running' && state !== 'Stopped') {
    throw invalidParameter(`${vmSnapshot} reverting failed due to ${vm} is not in the state of Running or Stopped.`);
  }
  if ((state === 'Running') !== (snapshot.type === 'DiskAndMemory')) {
    throw invalidParameter(
      `${vmSnapshot} revert not allowed. This will result in ${vm} state change. You can revert running ${vm} to disk and memory type ` +
        `snapshot and stopped ${vm} to disk type snapshot`,
    );
  }
  if (snapshot.state !== 'Ready') {
    throw invalidParameter(`${vmSnapshot} reverting failed due to ${vmSnapshot} is not in the state of Created.`);
  }
}

async function revert(call: Call, id: string): Promise<void> {
  const { world } = call;
  const snapshot = world.vmSnapshots.put({ ...world.vmSnapshot(id), state: 'Reverting' });
  await call.lifetime.wait(world.timings.snapshotMs + call.faults.delayMs('work'));
  const failure = call.faults.get('fail-job');
  if (failure !== undefined) {
    world.vmSnapshots.put({ ...snapshot, state: 'Ready' });
    throw new ApiError(failure.code, failure.text);
  }
  await fillMachine(call, snapshot);
  for (const other of world.vmSnapshotsOf(snapshot.vmId)) {
    if (other.current && other.id !== id) world.vmSnapshots.put({ ...other, current: false });
  }
  world.vmSnapshots.put({ ...snapshot, state: 'Ready', current: true });
}
