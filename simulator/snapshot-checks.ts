import { invalidParameter, serverFailure } from './api-error';
import { instanceName } from './answers/machine';
import { volumeText } from './answers/volume';
import type { Call, Site } from './call';
import { checkAccess } from './call';
import { atLeast } from './releases';
import { checkLimits } from './resource-limits';
import type { HypervisorName, MachineRow, SnapshotRow, VolumeRow } from './rows';
import type { World } from './world';

/** The snapshot that a required id names; one that was deleted is still known. @throws ApiError 531 for another account's */
export function snapshotOf(call: Call): SnapshotRow {
  const snapshot = call.world.snapshot(call.arguments.required('id'));
  checkAccess(call.caller, snapshot);
  return snapshot;
}

/** The hypervisor that a volume is or was used with: its VM's, or that of the site's cluster. */
export function hypervisorOf(world: World, volume: VolumeRow): HypervisorName {
  const machine = volume.vmId === null ? world.description.machines[0] : world.machine(volume.vmId);
  return machine?.hypervisor ?? 'KVM';
}

/**
 * Whether a snapshot of the volume is being taken or backed up. One of a detached volume that is taken, its job ended, and
 * waits for its backup is `Allocated` and hinders nobody (fixture snapshot-revert-detached).
 */
export function isBeingSnapshotted({ world, jobs }: Site, volumeId: string): boolean {
  return world
    .snapshotsOf(volumeId)
    .some(({ id, state }) => state === 'Creating' || state === 'BackingUp' || jobs.pendingJobOf(id) !== undefined);
}

/**
 * What createSnapshot refuses at once, in the server's order: state, hypervisor, quota (VolumeApiServiceImpl.allocSnapshot,
 * SnapshotManagerImpl.supportedByHypervisor).
 *
 * @throws ApiError 431, 530 or 535
 */
export function checkSnapshotPossible(call: Call, volume: VolumeRow): void {
  const { world } = call;
  checkReady(call, volume);
  if (volume.vmId !== null) checkMachine(call, world.machine(volume.vmId), volume);
  checkLimits(world, world.account(volume.accountId), { snapshot: 1, secondary_storage: volume.sizeBytes });
}

/** @throws ApiError 431 for a volume that is not Ready */
export function checkReady(call: Call, volume: VolumeRow): void {
  if (volume.state === 'Ready') return;
  throw invalidParameter(
    `Volume: ${volumeText(call, volume)} is not in Ready state but ${volume.state}. Cannot take snapshot.`,
  );
}

function checkMachine(call: Call, machine: MachineRow, volume: VolumeRow): void {
  const { world } = call;
  if (!mayBeSnapshotted(world, machine)) {
    // Text of SnapshotManagerImpl since 4.15 (upstream #4126).
    throw serverFailure(
      'KVM Snapshot is not supported for Running VMs. It is disabled by default due to a possible volume corruption in certain ' +
        'cases. To enable it set global settings kvm.snapshot.enabled to True. See the documentation for more details.',
    );
  }
  if (machine.state === 'Destroyed' || machine.state === 'Expunging') {
    throw serverFailure(
      `Creating snapshot failed due to volume:${String(volume.number)} is associated with vm:${instanceName(machine)} is in ${machine.state} state`,
    );
  }
  const { vm, vmSnapshot } = words(world);
  const where = `on the ${vm} to which the volume is attached, please try again later`;
  const oneAtATime = machine.hypervisor === 'KVM' || machine.hypervisor === 'VMware';
  if (oneAtATime && isAnyBackingUp(world, machine.id)) {
    throw invalidParameter(`There is other active snapshot tasks ${where}`);
  }
  if (hasVmSnapshotTask(world, machine.id)) throw serverFailure(`There is other active ${vmSnapshot} tasks ${where}`);
}

/** `kvm.snapshot.enabled`, false by default before 4.22: volumes of KVM's VMs are snapshotted only while these are stopped. */
function mayBeSnapshotted(world: World, machine: MachineRow): boolean {
  if (machine.state === 'Stopped' || machine.state === 'Destroyed') return true;
  const { snapshotsOfAttachedVolumes, version } = world.modes;
  return snapshotsOfAttachedVolumes ?? (machine.hypervisor !== 'KVM' || atLeast(version, '4.22'));
}

/** Whether the hypervisor is at a snapshot of one of the VM's volumes; those that still wait in a queue do not count. */
export function isAnyBackingUp(world: World, vmId: string): boolean {
  return world
    .volumesOf(vmId)
    .some((volume) => world.snapshotsOf(volume.id).some(({ state }) => state === 'Creating' || state === 'BackingUp'));
}

/** Whether a snapshot of the VM is being taken, put back or deleted. */
export function hasVmSnapshotTask(world: World, vmId: string): boolean {
  return world.vmSnapshotsOf(vmId).some(({ state }) => state !== 'Ready' && state !== 'Error');
}

/** What this release calls a virtual machine and its snapshots; 4.20 renamed them. */
export function words(world: World): Record<'vm' | 'aVm' | 'vmSnapshot', string> {
  return atLeast(world.modes.version, '4.20')
    ? { vm: 'Instance', aVm: 'an Instance', vmSnapshot: 'Instance Snapshot' }
    : { vm: 'VM', aVm: 'a VM', vmSnapshot: 'VM snapshot' };
}
