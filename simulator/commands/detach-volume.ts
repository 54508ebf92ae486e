import { ApiError, invalidParameter } from '../api-error';
import { volumeAnswer } from '../answers/volume';
import { javaClass, machineOf, volumeOf } from '../call';
import type { Call, Command } from '../call';
import type { JobContext } from '../jobs';
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
      work: async (context) => {
        const given = call.arguments;
        const tuple = given.has('deviceid') && given.has('virtualmachineid');
        const partOfTuple = given.has('deviceid') || given.has('virtualmachineid');
        if (named !== undefined ? partOfTuple : !tuple) {
          throw invalidParameter('Please provide either a volume id, or a tuple(device id, instance id)');
        }
        if (volume === undefined) throw invalidParameter('Unable to find volume with ID: null');
        const vmId = checkBeforeQueue(call, volume.id);
        await context.inQueueOf(vmId, () => detach(call, context, volume.id, vmId));
        const detached = volumeAnswer(call, call.world.volume(volume.id), call.caller);
        return { volume: { ...detached, jobid: context.job.id, jobstatus: 0 } };
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
  return volume.vmId;
}

async function detach(call: Call, context: JobContext, volumeId: string, vmId: string): Promise<void> {
  const { world, guests, faults } = call;
  await context.work(world.timings.detachMs + faults.delayMs('work'));
  const volume = world.volume(volumeId);
  const failure = faults.get('fail-job');
  const ghost = faults.get('ghost');
  const failing = failure ?? (ghost?.job === 'fail' ? ghost : undefined);
  if (failing !== undefined) {
    if (ghost !== undefined) guests.unplugLater(vmId, volumeId, ghost.ms);
    throw new ApiError(
      failing.code,
      `Failed to detach volume ${volume.name} from VM ${world.machine(vmId).name}; ${failing.text}`,
    );
  }
  // The hypervisor is asked at the VM that the job was queued for, wherever the volume is by now.
  if (ghost === undefined) guests.unplug(vmId, volumeId);
  world.volumes.put({ ...volume, vmId: null, deviceId: null, attached: null, type: 'DATADISK' });
}
