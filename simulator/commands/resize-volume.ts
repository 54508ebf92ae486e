import { ApiError, invalidParameter, serverFailure } from '../api-error';
import { volumeAnswer } from '../answers/volume';
import { javaClass, volumeOf } from '../call';
import type { Call, Command } from '../call';
import { checkLimits } from '../resource-limits';
import type { VolumeRow } from '../rows';
import { isBeingSnapshotted, words } from '../snapshot-checks';
import { makeSparseFile } from '../sparse-file';
import { checkCustomSize } from '../volume-origin';

const GIB = 1024 ** 3;

interface ResizeTarget {
  readonly sizeBytes: number;
  readonly diskOfferingId: string | null;
}

/** resizeVolume: in the VM's queue while attached; smaller only with `shrinkok`. */
export const resizeVolume: Command = {
  name: 'resizeVolume',
  parameters: {
    id: { type: 'id', entity: 'Volume', required: true },
    size: { type: 'long' },
    shrinkok: { type: 'flag' },
    diskofferingid: { type: 'id', entity: 'DiskOffering' },
    customjobid: { type: 'text' },
  },
  run(call) {
    const { id } = volumeOf(call);
    return call.jobs.submit({
      caller: call.caller,
      customJobId: call.arguments.text('customjobid'),
      javaClass: javaClass(call.caller, 'volume', 'ResizeVolume'),
      instanceType: 'Volume',
      instanceId: id,
      work: async () => {
        const { vmId } = call.world.volume(id);
        const target = targetOf(call, id);
        if (vmId === null) await resize(call, id, target);
        else await call.jobs.inQueueOf(vmId, () => resize(call, id, target));
        const answer = volumeAnswer(call, call.world.volume(id), call.caller);
        return { volume: answer };
      },
    });
  },
};

/** In the order of VolumeApiServiceImpl.resizeVolume. */
function targetOf(call: Call, id: string): ResizeTarget {
  const { world, arguments: given } = call;
  const volume = world.volume(id);
  if (isBeingSnapshotted(call, id)) {
    throw serverFailure(
      'There is/are unbacked up snapshot(s) on this volume, resize volume is not permitted, please try again later.',
    );
  }
  if (volume.state !== 'Ready' && volume.state !== 'Allocated') {
    throw invalidParameter(
      `Volume should be in ready or allocated state before attempting a resize. Volume ${id} is in state ${volume.state}.`,
    );
  }
  const target = sizeAsked(call, volume);
  if (target.sizeBytes < volume.sizeBytes && given.flag('shrinkok') !== true) {
    throw invalidParameter(
      `Going from existing size of ${String(volume.sizeBytes)} to size of ${String(target.sizeBytes)} would shrink the volume.` +
        'Need to sign off by supplying the shrinkok parameter with value of true.',
    );
  }
  if (target.sizeBytes !== volume.sizeBytes && volume.vmId !== null && world.vmSnapshotsOf(volume.vmId).length > 0) {
    const { aVm, vmSnapshot } = words(world);
    throw invalidParameter(`A volume that is attached to ${aVm} with any ${vmSnapshot}s cannot be resized.`);
  }
  if (target.sizeBytes > volume.sizeBytes) {
    checkLimits(world, world.account(volume.accountId), { primary_storage: target.sizeBytes - volume.sizeBytes });
  }
  return target;
}

/** The size that a new offering has or asks for, or the one that was given; with neither it stays as it is. */
function sizeAsked({ world, arguments: given }: Call, volume: VolumeRow): ResizeTarget {
  const { customSizeGib } = world.description;
  const offeringId = given.filled('diskofferingid');
  const offering = offeringId === undefined ? undefined : world.diskOffering(offeringId);
  const asked = given.long('size');
  if (offering?.sizeGib !== undefined) {
    if (asked !== undefined) {
      throw invalidParameter('You cannot pass in a custom disk size to a non-custom disk offering.');
    }
    return { diskOfferingId: offering.id, sizeBytes: offering.sizeGib * GIB };
  }
  if (offering !== undefined && asked === undefined) {
    throw invalidParameter('The new disk offering requires that a size be specified.');
  }
  if (asked !== undefined) checkCustomSize(asked, customSizeGib);
  return {
    diskOfferingId: offering?.id ?? volume.diskOfferingId,
    sizeBytes: asked === undefined ? volume.sizeBytes : asked * GIB,
  };
}

async function resize(call: Call, id: string, { sizeBytes, diskOfferingId }: ResizeTarget): Promise<void> {
  const { world, guests, faults } = call;
  const before = world.volume(id);
  if (before.onStorage) {
    world.volumes.put({ ...before, state: 'Resizing' });
    await call.lifetime.wait(world.timings.attachMs + faults.delayMs('work'));
    const failure = faults.get('fail-job');
    if (failure !== undefined) {
      world.volumes.put({ ...world.volume(id), state: before.state });
      throw new ApiError(failure.code, failure.text);
    }
    makeSparseFile(guests.volumeFile(id), sizeBytes);
  }
  const resized = world.volumes.put({ ...world.volume(id), state: before.state, sizeBytes, diskOfferingId });
  guests.resize(resized);
}
