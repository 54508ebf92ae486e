import { askHypervisor, askStorage, attachRefusalText } from '../agent-work';
import { ApiError, invalidParameter, serverFailure } from '../api-error';
import { machineText } from '../answers/machine';
import { volumeAnswer, volumeText } from '../answers/volume';
import { javaClass, machineOf, volumeOf } from '../call';
import type { Call, Command } from '../call';
import { attachVmStateText, attachWithSnapshotsText } from '../releases';
import type { MachineRow, VolumeRow } from '../rows';
import { makeSparseFile } from '../sparse-file';

/** The device id that the CD-ROM has. */
const CDROM_DEVICE_ID = 3;

/**
 * attachVolume: what the server can see at once is refused in the job (431) before it waits for its turn; what a race decides,
 * in the work job (530). The first attach of a volume creates it on storage.
 */
export const attachVolume: Command = {
  name: 'attachVolume',
  parameters: {
    id: { type: 'id', entity: 'Volume', required: true },
    virtualmachineid: { type: 'id', entity: 'VirtualMachine', required: true },
    deviceid: { type: 'long' },
    customjobid: { type: 'text' },
  },
  run(call) {
    const volume = volumeOf(call);
    const machine = machineOf(call, 'virtualmachineid');
    return call.jobs.submit({
      caller: call.caller,
      customJobId: call.arguments.text('customjobid'),
      javaClass: javaClass(call.caller, 'volume', 'AttachVolume'),
      instanceType: 'Volume',
      instanceId: volume.id,
      work: async () => {
        await attachInJob(call, volume.id, machine.id);
        return { volume: volumeAnswer(call, call.world.volume(volume.id), call.caller) };
      },
    });
  },
};

/** What the job does: refuses, or waits for its turn and attaches. @throws ApiError 431, 530; ServerStopped */
export async function attachInJob(call: Call, volumeId: string, vmId: string): Promise<void> {
  checkBeforeQueue(call, volumeId, vmId);
  await call.jobs.inQueueOf(vmId, () => attach(call, volumeId, vmId));
}

function checkBeforeQueue(call: Call, volumeId: string, vmId: string): void {
  const { world } = call;
  const volume = world.volume(volumeId);
  const machine = world.machine(vmId);
  if (volume.vmId !== null) throw invalidParameter('Please specify a volume that is not attached to any VM.');
  if (volume.state === 'Destroy') throw invalidParameter('Please specify a volume that is not destroyed.');
  if (volume.state !== 'Allocated' && volume.state !== 'Ready') {
    throw invalidParameter('Volume state must be in Allocated, Ready or in Uploaded state');
  }
  checkMachine(call, machine);
  const disks = world.volumesOf(vmId);
  if (call.arguments.long('deviceid') === 0) checkRootSlot(machine, disks);
  else checkDataDiskLimit(call, machine, disks);
  if (world.vmSnapshotsOf(vmId).length > 0) {
    throw invalidParameter(attachWithSnapshotsText(world.modes.version, machine));
  }
}

function checkDataDiskLimit({ world }: Call, machine: MachineRow, disks: readonly VolumeRow[]): void {
  const limit = world.dataDiskLimit(machine.hypervisor);
  if (disks.filter((disk) => disk.type === 'DATADISK').length >= limit) {
    throw invalidParameter(
      `The specified VM already has the maximum number of data disks (${String(limit)}) attached. Please specify another VM.`,
    );
  }
}

function checkMachine({ world }: Call, machine: MachineRow): void {
  if (machine.removed !== null) throw invalidParameter('Please specify a valid User VM.');
  if (machine.state !== 'Running' && machine.state !== 'Stopped') {
    throw invalidParameter(attachVmStateText(world.modes.version));
  }
}

function checkRootSlot(machine: MachineRow, disks: readonly VolumeRow[]): void {
  if (machine.state === 'Running') {
    throw invalidParameter('Root volume detach can happen only when vm is in states: Stopped or Destroyed');
  }
  if (disks.some((disk) => disk.deviceId === 0)) throw invalidParameter('Vm already has root volume attached to it');
}

async function attach(call: Call, volumeId: string, vmId: string): Promise<void> {
  const { world, guests, faults } = call;
  const found = world.volume(volumeId);
  if (found.vmId !== null) throw serverFailure('This volume is already attached to a VM.');
  if (found.state !== 'Allocated' && found.state !== 'Ready') {
    throw serverFailure(
      `Volume: ${volumeText(call, found)} is in ${found.state}. It should be in Ready or Allocated state`,
    );
  }
  const machine = world.machine(vmId);
  // It may have been destroyed while this waited for its turn.
  checkMachine(call, machine);
  if (found.state === 'Allocated' && !neverStarted(call, vmId)) {
    await createOnStorage(call, found);
  }
  const deviceId = chooseDeviceId(call, machine);
  const ready = world.volume(volumeId);
  world.volumes.put({ ...ready, state: ready.onStorage ? 'Attaching' : ready.state });
  const { ghost } = faults;
  const failure = faults.get('fail-job') ?? ghost;
  const refusal = await askHypervisor(call, vmId, 'AttachCommand', world.timings.attachMs, () => {
    if (ghost !== undefined) guests.plug(vmId, { ...ready, deviceId }, { deviceDelayMs: ghost.ms });
    else if (failure === undefined) guests.plug(vmId, { ...ready, deviceId }, faults.appearance);
  });
  const settled = { ...world.volume(volumeId), state: ready.state };
  if (failure !== undefined) {
    world.volumes.put(settled);
    const cause = faults.get('fail-job')?.how === 'thrown' ? ` due to: ${failure.text}` : `; ${failure.text}`;
    throw new ApiError(failure.code, `Failed to attach volume ${settled.name} to VM ${machine.name}${cause}`);
  }
  if (refusal !== undefined) {
    world.volumes.put(settled);
    throw serverFailure(`Failed to attach volume ${settled.name} to VM ${machine.name}${attachRefusalText(refusal)}`);
  }
  const type = deviceId === 0 ? 'ROOT' : 'DATADISK';
  world.volumes.put({ ...settled, vmId, deviceId, attached: Date.now(), type });
}

/**
 * The first attach creates the volume. A pool that refused it once is not found suitable again: whatever the reason is, the
 * recording shows it (fixture hypervisor-faults, the second "attach again").
 */
async function createOnStorage(call: Call, volume: VolumeRow): Promise<void> {
  const { world, guests, faults } = call;
  const named = JSON.stringify({ name: volume.name, uuid: volume.id });
  if (volume.placed) {
    throw serverFailure(`Unable to find suitable primary storage when creating volume [${named}].`);
  }
  world.volumes.put({ ...volume, state: 'Creating', placed: true });
  const refusal = await askStorage(call, 'CreateObjectCommand', world.timings.storeMs);
  const failure = faults.get('fail-job');
  const reason = failure?.where === 'storage' ? failure.text : refusal?.details;
  if (reason !== undefined) {
    world.volumes.put({ ...volume, state: 'Allocated', placed: true });
    throw serverFailure(`Failed to create volume [${named}] due to [${reason}].`);
  }
  makeSparseFile(guests.volumeFile(volume.id), volume.sizeBytes);
  world.volumes.put({ ...world.volume(volume.id), state: 'Ready', onStorage: true });
}

/** A VM whose root is not on storage yet: nothing is created for it before it starts. */
function neverStarted(call: Call, vmId: string): boolean {
  const root = call.world.volumesOf(vmId).find((disk) => disk.type === 'ROOT');
  return root !== undefined && !root.onStorage;
}

function chooseDeviceId(call: Call, machine: MachineRow): number {
  const asked = call.arguments.long('deviceid');
  const highest = call.world.dataDiskLimit(machine.hypervisor) + 1;
  const holders = new Map(call.world.volumesOf(machine.id).map((disk) => [disk.deviceId, disk]));
  if (asked === undefined) {
    for (let id = 1; id <= highest; id += 1) if (id !== CDROM_DEVICE_ID && !holders.has(id)) return id;
    throw serverFailure(`All device Ids are used by vm ${String(machine.number)}`);
  }
  if (asked < 0 || asked > highest || asked === CDROM_DEVICE_ID) {
    throw serverFailure(`deviceId should be 0,1,2,4-${String(highest)}`);
  }
  const holder = holders.get(asked);
  if (holder !== undefined) {
    throw serverFailure(
      `deviceId ${String(asked)} is used by vol ${volumeText(call, holder)} on vm ${machineText(machine)}`,
    );
  }
  return asked;
}
