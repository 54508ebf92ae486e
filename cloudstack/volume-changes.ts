import { z } from 'zod';
import type { CallOptions, CloudStackApi } from './api';
import type { TagsParameters } from './api-parameters';
import { boolean } from './answer-fields';
import { createBound } from './bound';
import { startedCreate, startedJob, type Change } from './change';
import { CloudStackError, isCloudStackError, type Holder } from './errors';
import { encodeMap } from './parameters';

type VolumeChanges = Pick<
  CloudStackApi,
  | 'createVolume'
  | 'attachVolume'
  | 'detachVolume'
  | 'deleteVolume'
  | 'updateVolume'
  | 'resizeVolume'
  | 'createTags'
  | 'deleteTags'
>;

/** A deleteVolume takes as long as the storage needs. */
const deleteTimeoutMs = 600_000;

const holderTimeoutMs = 5_000;

const deleted = z.object({ success: boolean, displaytext: z.string().optional() });

/** The changes of volumes, and of tags. */
export function createVolumeChanges(
  change: Change,
  listVolumes: CloudStackApi['listVolumes'],
  endpoint: string,
  maxConcurrent: number,
): VolumeChanges {
  // deletes are slow and must not keep everything else waiting
  const boundDeletes = createBound(Math.max(1, Math.floor(maxConcurrent / 2)));

  /** "Please specify a volume that is not attached to any VM." names none: the listing does, if it answers. */
  const holderOf = async (id: string, call?: CallOptions): Promise<Holder | undefined> => {
    const signal = call?.signal;
    const look = { timeoutMs: holderTimeoutMs, ...(signal !== undefined && { signal }) };
    const [volume] = await listVolumes({ id }, look).catch(() => []);
    if (volume?.virtualmachineid === undefined) return undefined;
    return { id: volume.virtualmachineid, ...(volume.vmname !== undefined && { name: volume.vmname }) };
  };

  const changeTags = (
    command: string,
    { resourceType, resourceIds, tags, customJobId }: TagsParameters,
    call?: CallOptions,
  ) =>
    change(
      command,
      startedJob,
      { resourcetype: resourceType, resourceids: resourceIds, customjobid: customJobId },
      call,
      encodeMap('tags', tags),
    );

  return {
    createVolume: (volume, call) =>
      change(
        'createVolume',
        startedCreate,
        {
          name: volume.name,
          zoneid: volume.zoneId,
          diskofferingid: volume.diskOfferingId,
          size: volume.sizeGib,
          customid: volume.customId,
          customjobid: volume.customJobId,
          account: volume.account,
          domainid: volume.domainId,
          projectid: volume.projectId,
        },
        call,
      ),
    attachVolume: ({ id, virtualMachineId, deviceId, customJobId }, call) =>
      change(
        'attachVolume',
        startedJob,
        { id, virtualmachineid: virtualMachineId, deviceid: deviceId, customjobid: customJobId },
        call,
      ),
    detachVolume: ({ id, customJobId }, call) =>
      change('detachVolume', startedJob, { id, customjobid: customJobId }, call),
    async deleteVolume({ id }, call) {
      const send = () => change('deleteVolume', deleted, { id }, { timeoutMs: deleteTimeoutMs, ...call });
      const answer = await boundDeletes(send, call?.signal).catch(async (error: unknown) => {
        if (!isCloudStackError(error, 'conflict')) throw error;
        const holder = error.holder ?? (await holderOf(id, call));
        throw holder === undefined ? error : error.heldBy(holder);
      });
      if (answer.success) return;
      const text = answer.displaytext ?? 'answered success = false';
      throw new CloudStackError({ kind: 'refused', command: 'deleteVolume', endpoint, text });
    },
    updateVolume: ({ id, deleteProtection, name }, call) =>
      change('updateVolume', startedJob, { id, deleteprotection: deleteProtection, name }, call),
    resizeVolume: ({ id, sizeGib, customJobId }, call) =>
      change('resizeVolume', startedJob, { id, size: sizeGib, customjobid: customJobId }, call),
    createTags: (tags, call) => changeTags('createTags', tags, call),
    deleteTags: (tags, call) => changeTags('deleteTags', tags, call),
  };
}
