import { randomUUID } from 'node:crypto';
import { ApiError, invalidParameter, serverFailure } from '../api-error';
import { compactDate } from '../answers/dates';
import { instanceName } from '../answers/machine';
import { vmSnapshotAnswer } from '../answers/vm-snapshot';
import { machineOf } from '../call';
import type { Call, Command } from '../call';
import type { MachineRow, VmSnapshotRow } from '../rows';
import { hasVmSnapshotTask, isAnyBackingUp, words } from '../snapshot-checks';
import { keepMachine } from '../snapshot-files';

/** `vmsnapshot.max` */
const MOST_PER_VM = 10;

/** createVMSnapshot: the row is there when this answers, the disks are kept in the VM's queue. While it is there they stay attached. */
export const createVmSnapshot: Command = {
  name: 'createVMSnapshot',
  parameters: {
    virtualmachineid: { type: 'id', entity: 'VirtualMachine', required: true },
    name: { type: 'text' },
    description: { type: 'text' },
    snapshotmemory: { type: 'flag' },
    quiescevm: { type: 'flag' },
    customjobid: { type: 'text' },
  },
  run(call) {
    const machine = machineOf(call, 'virtualmachineid');
    const { id } = allocate(call, machine);
    const job = call.jobs.submit({
      caller: call.caller,
      customJobId: call.arguments.text('customjobid'),
      javaClass: 'org.apache.cloudstack.api.command.user.vmsnapshot.CreateVMSnapshotCmd',
      instanceType: 'VmSnapshot',
      instanceId: id,
      work: async () => {
        await call.jobs.inQueueOf(machine.id, () => take(call, id));
        return { vmsnapshot: vmSnapshotAnswer(call.world, call.world.vmSnapshot(id)) };
      },
    });
    return { id, ...job };
  },
};

function allocate(call: Call, machine: MachineRow): VmSnapshotRow {
  const { world, arguments: given } = call;
  const now = Date.now();
  const withMemory = given.flag('snapshotmemory') === true;
  const name = `${instanceName(machine)}_VS_${compactDate(now)}`;
  const displayName = given.text('name') ?? name;
  check(call, machine, displayName, withMemory);
  const parent = world.vmSnapshotsOf(machine.id).find((snapshot) => snapshot.current);
  return world.vmSnapshots.put({
    id: randomUUID(),
    number: world.nextNumber('vmSnapshot'),
    name,
    displayName,
    description: given.text('description') ?? null,
    accountId: machine.accountId,
    zoneId: machine.zoneId,
    vmId: machine.id,
    type: withMemory ? 'DiskAndMemory' : 'Disk',
    state: 'Allocated',
    current: false,
    parentId: parent?.id ?? null,
    created: now,
    removed: null,
  });
}

/** In the order of VMSnapshotManagerImpl.allocVMSnapshot. */
function check({ world }: Call, machine: MachineRow, displayName: string, withMemory: boolean): void {
  const { vm, aVm, vmSnapshot } = words(world);
  const existing = world.vmSnapshotsOf(machine.id);
  const failed = `Creating ${vmSnapshot} failed due to`;
  if (existing.some((snapshot) => snapshot.displayName === displayName)) {
    throw invalidParameter(`${failed} ${vmSnapshot} with name ${displayName} already exists`);
  }
  if (machine.state !== 'Running' && machine.state !== 'Stopped') {
    throw invalidParameter(`${failed} ${vm}: ${machine.name} is not in the running or Stopped state`);
  }
  if (withMemory && machine.state !== 'Running') {
    throw invalidParameter(`Can not snapshot memory when ${vm} is not in Running state`);
  }
  if (existing.length >= MOST_PER_VM) {
    throw serverFailure(
      `${failed} ${aVm} can just have : ${String(MOST_PER_VM)} ${vmSnapshot}s. Please delete old ones`,
    );
  }
  if (isAnyBackingUp(world, machine.id)) {
    throw serverFailure(
      `There are other active volume Snapshot tasks on the ${vm} to which the volume is attached, please try again later.`,
    );
  }
  if (hasVmSnapshotTask(world, machine.id)) {
    throw serverFailure(`There are other active ${vmSnapshot} tasks on the ${vm}, please try again later`);
  }
}

async function take(call: Call, id: string): Promise<void> {
  const { world } = call;
  const snapshot = world.vmSnapshots.put({ ...world.vmSnapshot(id), state: 'Creating' });
  await call.lifetime.wait(world.timings.snapshotMs + call.faults.delayMs('work'));
  const failure = call.faults.get('fail-job');
  if (failure !== undefined) {
    world.vmSnapshots.put({ ...snapshot, state: 'Error' });
    throw new ApiError(failure.code, `Failed to create vm snapshot: ${String(snapshot.number)}; ${failure.text}`);
  }
  await keepMachine(call, snapshot);
  for (const other of world.vmSnapshotsOf(snapshot.vmId)) {
    if (other.current) world.vmSnapshots.put({ ...other, current: false });
  }
  world.vmSnapshots.put({ ...snapshot, state: 'Ready', current: true });
}
