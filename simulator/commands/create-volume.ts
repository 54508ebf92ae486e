import { randomUUID } from 'node:crypto';
import { askStorage } from '../agent-work';
import { ApiError, invalidParameter, permissionDenied, serverFailure } from '../api-error';
import { volumeAnswer } from '../answers/volume';
import { javaClass } from '../call';
import type { Call, Command } from '../call';
import { checkUuidFormat, entityExists, idTaken } from '../jobs';
import { ownerOf } from '../owner';
import { checkLimits } from '../resource-limits';
import type { VolumeRow } from '../rows';
import { fillVolume } from '../snapshot-files';
import { originOf } from '../volume-origin';
import { attachInJob } from './attach-volume';

/**
 * createVolume: the row is there when this answers, state Allocated, nothing on storage; the job of one from a snapshot puts it there.
 * The `customid` is checked before the row is written, the `customjobid` after: a resend with a used job id leaves a second
 * volume (fixture custom-job-id).
 */
export const createVolume: Command = {
  name: 'createVolume',
  parameters: {
    diskofferingid: { type: 'id', entity: 'DiskOffering' },
    zoneid: { type: 'id', entity: 'Zone' },
    name: { type: 'text', field: 'volumeName' },
    size: { type: 'long' },
    snapshotid: { type: 'id', entity: 'Snapshot' },
    virtualmachineid: { type: 'id', entity: 'VirtualMachine' },
    account: { type: 'text' },
    domainid: { type: 'id', entity: 'Domain' },
    projectid: { type: 'id', entity: 'Project' },
    customid: { type: 'text' },
    customjobid: { type: 'text' },
  },
  run(call) {
    const { id, name, snapshotId } = allocate(call);
    const job = call.jobs.submit({
      caller: call.caller,
      customJobId: call.arguments.text('customjobid'),
      javaClass: javaClass(call.caller, 'volume', 'CreateVolume'),
      instanceType: 'Volume',
      instanceId: id,
      work: async () => {
        await call.lifetime.wait(call.world.timings.createMs + call.faults.delayMs('work'));
        const failure = call.faults.get('fail-job');
        if (failure !== undefined) throw new ApiError(failure.code, failure.text);
        if (call.world.volume(id).removed !== null) throw serverFailure(`Failed to create volume ${name}`);
        if (snapshotId !== null) await createFromSnapshot(call, id, snapshotId);
        const answer = volumeAnswer(call, call.world.volume(id), call.caller);
        // The job's result names the snapshot, listings do not (fixture volume-snapshots).
        return { volume: { ...answer, snapshotid: snapshotId ?? undefined } };
      },
    });
    return { id, ...job };
  },
};

function allocate(call: Call): VolumeRow {
  const { world, arguments: given, caller } = call;
  const owner = ownerOf(call);
  const { snapshot, diskOfferingId, templateId, sizeBytes, zoneId } = originOf(call);
  checkLimits(world, owner, { volume: 1, primary_storage: sizeBytes });
  if (zoneId === undefined) throw invalidParameter('Unable to find zone by id null');
  const customId = given.filled('customid');
  if (customId !== undefined) {
    if (caller.role !== 'admin') {
      throw permissionDenied('Please check your permissions, you are not allowed to create/update custom id');
    }
    checkUuidFormat(customId);
    const known = world.volumes.get(customId);
    if (known?.removed === null) throw idTaken(customId);
    if (known !== undefined) throw entityExists();
  }
  return world.volumes.put({
    id: customId ?? randomUUID(),
    number: world.nextNumber('volume'),
    name: given.filled('name') ?? randomUUID(),
    accountId: owner.id,
    zoneId,
    diskOfferingId,
    templateId,
    snapshotId: snapshot?.id ?? null,
    type: 'DATADISK',
    sizeBytes,
    state: 'Allocated',
    vmId: null,
    deviceId: null,
    attached: null,
    created: Date.now(),
    placed: false,
    onStorage: false,
    deleteProtection: false,
    removed: null,
  });
}

/** The volume gets the snapshot's bytes, is `Ready`, and is attached when the call says so. */
async function createFromSnapshot(call: Call, id: string, snapshotId: string): Promise<void> {
  const { world } = call;
  const allocated = world.volume(id);
  const snapshot = world.snapshot(snapshotId);
  world.volumes.put({ ...allocated, state: 'Creating' });
  try {
    const refusal = await askStorage(call, 'CreateObjectCommand', world.timings.storeMs);
    if (refusal !== undefined) throw serverFailure(`Failed to create volume ${allocated.name}; ${refusal.details}`);
    if (world.snapshot(snapshotId).removed !== null) {
      throw serverFailure(`Failed to create volume ${allocated.name}; the snapshot is gone`);
    }
    await fillVolume(call, id, snapshot, allocated.sizeBytes);
  } catch (error) {
    if (error instanceof ApiError) world.volumes.put({ ...world.volume(id), state: 'Allocated' });
    throw error;
  }
  world.volumes.put({ ...world.volume(id), state: 'Ready', placed: true, onStorage: true, path: randomUUID() });
  const vmId = call.arguments.filled('virtualmachineid');
  if (vmId !== undefined) await attachInJob(call, id, vmId);
}
