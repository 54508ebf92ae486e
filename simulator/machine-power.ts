import { ApiError, serverFailure } from './api-error';
import { machineText } from './answers/machine';
import { bootOf } from './boot';
import type { Call } from './call';
import type { MachineRow, VolumeRow } from './rows';
import { makeSparseFile } from './sparse-file';

/**
 * Starts a VM, within its queue: volumes that were only allocated are created, all disks are plugged in, and the guest comes up
 * or does not ({@link bootOf}).
 *
 * @throws ApiError 530 when the VM is not stopped, has no root, or the hypervisor refuses
 */
export async function powerOn(call: Call, id: string): Promise<void> {
  const { world, guests, faults, lifetime } = call;
  const before = world.machine(id);
  if (before.state === 'Running') return;
  if (before.state !== 'Stopped') throw serverFailure(`Cannot start ${machineText(before)} in ${before.state} state`);
  checkVolumes(world.volumesOf(id), id);
  world.machines.put({ ...before, state: 'Starting', updated: Date.now() });
  const failure = faults.get('fail-job');
  const { refusal, waitMs } = call.agents.meet('StartCommand');
  faults.restartAt('hypervisor', lifetime);
  await lifetime.wait(world.timings.powerMs + waitMs + faults.delayMs('work'));
  const reason = failure?.text ?? refusal?.details;
  if (reason !== undefined) {
    world.machines.put({ ...world.machine(id), state: 'Stopped', updated: Date.now() });
    throw new ApiError(failure?.code ?? 530, `Unable to start a VM [${id}] due to [${reason}].`);
  }
  for (const disk of world.volumesOf(id)) {
    if (disk.state === 'Allocated') world.volumes.put({ ...disk, state: 'Ready', placed: true, onStorage: true });
    if (isFile(disk)) makeSparseFile(guests.volumeFile(disk.id), disk.sizeBytes);
  }
  const boot = await bootOf(call, id);
  const { deployvm: _, ...details } = world.machine(id).details;
  const begun = { updated: Date.now(), everStarted: true, details, boot };
  world.machines.put({ ...world.machine(id), ...begun, state: 'Running' });
  plugDisks(call, id);
}

/**
 * Switches a running VM off, within its queue: whatever was plugged goes, ghosts included. Any other VM stays as it is.
 *
 * @throws ApiError 530 when the hypervisor refuses
 */
export async function powerOff(call: Call, id: string): Promise<void> {
  const { world, guests, faults, lifetime } = call;
  const before = world.machine(id);
  if (before.state !== 'Running') {
    await lifetime.wait(faults.delayMs('work'));
    return;
  }
  world.machines.put({ ...before, state: 'Stopping', updated: Date.now() });
  const failure = faults.get('fail-job');
  const { refusal, waitMs } = call.agents.meet('StopCommand');
  const reason = failure?.text ?? refusal?.details;
  const working = lifetime.atHypervisor(world.timings.powerMs + waitMs + faults.delayMs('work'), () => {
    if (reason === undefined) guests.unplugAll(id);
  });
  faults.restartAt('hypervisor', lifetime);
  await working;
  if (reason !== undefined) {
    world.machines.put({ ...world.machine(id), state: 'Running' });
    throw new ApiError(failure?.code ?? 530, `Unable to stop ${machineText(before)} due to [${reason}]`);
  }
  world.machines.put(stopped(world.machine(id)));
}

/** The guest restarts in its running VM: it names its disks anew. */
export async function powerCycle(call: Call, id: string): Promise<void> {
  const { world, guests } = call;
  await call.lifetime.wait(world.timings.powerMs + call.faults.delayMs('work'));
  guests.unplugAll(id);
  const boot = await bootOf(call, id);
  world.machines.put({ ...world.machine(id), boot, updated: Date.now() });
  plugDisks(call, id);
}

/** CapacityManagerImpl.postStateTransitionEvent leaves its mark on every VM that was stopped. */
function stopped(machine: MachineRow): MachineRow {
  const details = { ...machine.details, 'Message.ReservedCapacityFreed.Flag': 'false' };
  return { ...machine, state: 'Stopped', updated: Date.now(), details };
}

/** DeploymentPlanningManagerImpl.findSuitablePoolsForVolumes asks for any volume first, then for the root. */
function checkVolumes(disks: readonly VolumeRow[], id: string): void {
  if (disks.length === 0) {
    throw serverFailure(`Unable to create deployment, no usable volumes found for the VM: ${id}`);
  }
  if (!disks.some(({ type }) => type === 'ROOT')) {
    throw serverFailure('Unable to prepare volumes for vm as ROOT volume is missing');
  }
}

function plugDisks({ world, guests }: Call, id: string): void {
  for (const disk of world.volumesOf(id)) if (isFile(disk)) guests.plug(id, disk);
}

/** A root that is made of the template holds nothing of anybody's: it has no file, and no guest shows it. */
function isFile(disk: VolumeRow): boolean {
  return disk.type !== 'ROOT' || disk.templateId === null;
}
