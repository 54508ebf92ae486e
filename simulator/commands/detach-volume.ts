import { askHypervisor } from '../agent-work';
import { ApiError, invalidParameter, serverFailure } from '../api-error';
import { volumeAnswer } from '../answers/volume';
import { javaClass, machineOf, volumeOf } from '../call';
import type { Call, Command } from '../call';
import { detachWithSnapshotsText } from '../releases';
import type { VolumeRow } from '../rows';

/**
 * detachVolume: the volume must be attached when the job begins; in the queue it is not asked again. A detach that waited too
 * long therefore takes the volume off whatever VM it has moved to (fixture straggler-detach-behind-a-queue, issue #14214).
 */
export const detachVolume: Command = {
  name: 'detachVolume',
  parameters: {
    id: { type: 'id', entity: 'Volume' },
    deviceid: { type: 'long' },
    virtualmachineid: { type: 'id', entity: 'VirtualMachine' },
    customjobid: { type: 'text' },
  },
  run(call) {
    const named = call.arguments.has('id') ? volumeOf(call) : undefined;
    const volume = named ?? volumeAt(call);
    return call.jobs.submit({
      caller: call.caller,
      customJobId: call.arguments.text('customjobid'),
      javaClass: javaClass(call.caller, 'volume', 'DetachVolume'),
      instanceType: 'Volume',
      instanceId: volume?.id ?? null,
      work: async () => {
        const given = call.arguments;
        const tuple = given.has('deviceid') && given.has('virtualmachineid');
        const partOfTuple = given.has('deviceid') || given.has('virtualmachineid');
        if (named !== undefined ? partOfTuple : !tuple) {
          throw invalidParameter('Please provide either a volume id, or a tuple(device id, instance id)');
        }
        if (volume === undefined) throw invalidParameter('Unable to find volume with ID: null');
        const vmId = checkBeforeQueue(call, volume.id);
        await call.jobs.inQueueOf(vmId, () => detach(call, volume.id, vmId));
        const detached = volumeAnswer(call, call.world.volume(volume.id), call.caller);
        return { volume: detached };
      },
    });
  },
};

function volumeAt(call: Call): VolumeRow | undefined {
  if (!call.arguments.has('virtualmachineid')) return undefined;
  const machine = machineOf(call, 'virtualmachineid');
  const deviceId = call.arguments.long('deviceid');
  return call.world.volumesOf(machine.id).find((volume) => volume.deviceId === deviceId);
}

function checkBeforeQueue(call: Call, volumeId: string): string {
  const volume = call.world.volume(volumeId);
  if (volume.vmId === null) throw invalidParameter('The specified volume is not attached to a VM.');
  const machine = call.world.machine(volume.vmId);
  if (!['Running', 'Stopped', 'Destroyed'].includes(machine.state)) {
    throw invalidParameter('Please specify a VM that is either running or stopped.');
  }
  if (volume.type === 'ROOT' && machine.state === 'Running') {
    throw invalidParameter('Root volume detach can happen only when vm is in states: Stopped or Destroyed');
  }
  if (call.world.vmSnapshotsOf(machine.id).length > 0) {
    throw invalidParameter(detachWithSnapshotsText(call.world.modes.version));
  }
  return volume.vmId;
}

async function detach(call: Call, volumeId: string, vmId: string): Promise<void> {
  const { world, guests, faults } = call;
  const failure = faults.get('fail-job');
  const { ghost } = faults;
  const failing = failure ?? (ghost?.job === 'fail' ? ghost : undefined);
  // The hypervisor is asked at the VM that the job was queued for, wherever the volume is by now.
  const refusal = await askHypervisor(call, vmId, 'DettachCommand', world.timings.detachMs, () => {
    if (ghost?.job === 'fail') guests.unplugLater(vmId, volumeId, ghost.ms);
    else if (ghost === undefined && failure === undefined) guests.unplug(vmId, volumeId);
  });
  const volume = world.volume(volumeId);
  const failed = `Failed to detach volume ${volume.name} from VM ${world.machine(vmId).name}`;
  if (failing !== undefined) throw new ApiError(failing.code, `${failed}; ${failing.text}`);
  if (refusal !== undefined) throw serverFailure(`${failed}; ${refusal.details}`);
  world.volumes.put({ ...volume, vmId: null, deviceId: null, attached: null, type: 'DATADISK' });
}
