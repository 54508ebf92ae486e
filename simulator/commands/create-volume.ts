import { randomUUID } from 'node:crypto';
import { ApiError, invalidParameter, permissionDenied, serverFailure } from '../api-error';
import { volumeAnswer } from '../answers/volume';
import { javaClass } from '../call';
import type { Call, Command } from '../call';
import { checkUuidFormat, entityExists, idTaken } from '../jobs';
import type { VolumeRow } from '../rows';

const GIB = 1024 ** 3;
/** `storage.max.volume.size` */
const MAX_VOLUME_GIB = 2000;

/**
 * createVolume: the row is there when this answers, state Allocated, nothing on storage. The `customid` is checked before the
 * row is written, the `customjobid` after: a resend with a used job id leaves a second volume (fixture custom-job-id).
 */
export const createVolume: Command = {
  name: 'createVolume',
  parameters: {
    diskofferingid: { type: 'id', entity: 'DiskOffering' },
    zoneid: { type: 'id', entity: 'Zone' },
    name: { type: 'text', field: 'volumeName' },
    size: { type: 'long' },
    snapshotid: { type: 'text' },
    account: { type: 'text' },
    domainid: { type: 'id', entity: 'Domain' },
    projectid: { type: 'id', entity: 'Project' },
    customid: { type: 'text' },
    customjobid: { type: 'text' },
  },
  run(call) {
    const volume = allocate(call);
    const job = call.jobs.submit({
      caller: call.caller,
      customJobId: call.arguments.text('customjobid'),
      javaClass: javaClass(call.caller, 'volume', 'CreateVolume'),
      instanceType: 'Volume',
      instanceId: volume.id,
      work: async () => {
        await call.lifetime.wait(call.world.timings.createMs + call.faults.delayMs('work'));
        const failure = call.faults.get('fail-job');
        if (failure !== undefined) throw new ApiError(failure.code, failure.text);
        const created = call.world.volume(volume.id);
        if (created.removed !== null) throw serverFailure(`Failed to create volume ${volume.name}`);
        return { volume: volumeAnswer(call, created, call.caller) };
      },
    });
    return { id: volume.id, ...job };
  },
};

function allocate(call: Call): VolumeRow {
  const { world, arguments: given, caller } = call;
  const owner = ownerOf(call);
  const offeringId = given.text('diskofferingid');
  if (offeringId === undefined || offeringId === '') {
    throw invalidParameter('At least one of disk Offering ID or snapshot ID must be passed whilst creating volume');
  }
  const zoneId = given.text('zoneid');
  const sizeGib = sizeOf(call, offeringId);
  if (zoneId === undefined || zoneId === '') throw invalidParameter('Unable to find zone by id null');
  const customId = given.text('customid');
  if (customId !== undefined && customId !== '') {
    if (caller.role !== 'admin') {
      throw permissionDenied('Please check your permissions, you are not allowed to create/update custom id');
    }
    checkUuidFormat(customId);
    const known = world.volumes.get(customId);
    if (known?.removed === null) throw idTaken(customId);
    if (known !== undefined) throw entityExists();
  }
  const name = given.text('name');
  return world.volumes.put({
    id: customId === undefined || customId === '' ? randomUUID() : customId,
    number: world.nextNumber('volume'),
    name: name === undefined || name === '' ? randomUUID() : name,
    accountId: owner,
    zoneId,
    diskOfferingId: offeringId,
    templateId: null,
    snapshotId: null,
    type: 'DATADISK',
    sizeBytes: sizeGib * GIB,
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

function ownerOf({ world, caller, arguments: given }: Call): string {
  const name = given.text('account');
  if (name === undefined || name === '' || name === caller.name) return caller.id;
  if (caller.role !== 'admin') {
    throw permissionDenied('Caller does not have permission to operate with provided resource.');
  }
  const account = world.accountNamed(name);
  if (account === undefined) {
    throw invalidParameter(`Unable to find account ${name} in domain ${world.description.rootDomainId}`);
  }
  return account.id;
}

function sizeOf({ world, arguments: given }: Call, offeringId: string): number {
  const fixed = world.diskOffering(offeringId)?.sizeGib;
  const asked = given.long('size');
  if (fixed !== undefined) {
    if (asked !== undefined) throw invalidParameter('This disk offering does not allow custom size');
    return fixed;
  }
  if (asked === undefined) throw invalidParameter('This disk offering requires a custom size specified');
  checkCustomSize(asked, world.description.customSizeGib);
  return asked;
}

/** @throws ApiError 431 when a custom size is outside of what the site allows */
export function checkCustomSize(sizeGib: number, { min, max }: { readonly min: number; readonly max: number }): void {
  if (sizeGib <= 0) throw invalidParameter('Disk size must be larger than 0');
  if (sizeGib < min || sizeGib > max) {
    throw invalidParameter(
      `Volume size: ${String(sizeGib)} GB is out of allowed range. Min: ${String(min)}. Max: ${String(max)}`,
    );
  }
  if (sizeGib > MAX_VOLUME_GIB) {
    throw invalidParameter(
      `Requested volume size is ${String(sizeGib * GIB)}, but the maximum size allowed is ${String(MAX_VOLUME_GIB)} GB.`,
    );
  }
}
