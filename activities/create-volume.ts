import { failure } from '../domain/failures';
import { sourceVmPath } from '../domain/names';
import { bytesToGibUp, gibToBytes } from '../domain/sizes';
import { type CreateVolumeInput, createVolumeInputSchema } from '../domain/step-io';
import type { Facts } from '../site/judge-site';
import { activity } from './activity';
import type { ActivityRun } from './activity-run';
import { isKnownRefusal } from './known-refusals';
import { makeVolume, type VolumeRecipe } from './make-volume';
import type { SiteActivities } from './queues';
import { settleEarlierCreates } from './settle-earlier-creates';
import { takeExistingVolume } from './take-existing-volume';
import type { VolumeMaking } from './volume-making';
import { ownershipTags } from '../site/volume-tags';

/**
 * createVolume: when it answers, one volume of the right size, zone, offering and tags is listed under its name, alone, and the
 * database knows who made it.
 *
 * Why it is hard: CloudStack makes neither names nor creates unique. A root admin's key may choose the volume's id (customid): a
 * second send of it is refused. Any other key can only choose the job's id, and there the *volume is made before that id is
 * checked*: a second send fails and leaves a second Allocated volume. So a resend comes only after the job was looked for, and
 * what it may leave is removed before the step is done. The chosen ids are random, one per operation row, since an expunged id is
 * refused for ever; the row's own id is derived, so that two attempts beside each other write one row.
 *
 * Sources: reference cloudstack-api §1.7, §2.4, §2.5, §7; fixtures custom-id, custom-job-id, create-both-ids.
 */
export function makeCreateVolume(work: VolumeMaking): SiteActivities['createVolume'] {
  return activity(
    'createVolume',
    work.run,
    createVolumeInputSchema,
    (disk) => disk,
    async (disk, run) => {
      if (disk.existingVolumeId !== undefined) return await takeExistingVolume(work, run, disk, disk.existingVolumeId);
      await settleEarlierCreates(work, run, disk);
      const facts = await work.facts({ signal: run.signal });
      const volume = await makeVolume(work, run, recipeOf(work, run, disk, facts), facts);
      return { volumeId: volume.id, volumeName: volume.name, volumeBytes: volume.size, created: true };
    },
  );
}

function recipeOf(work: VolumeMaking, run: ActivityRun, disk: CreateVolumeInput, facts: Facts): VolumeRecipe {
  const { diskKey } = disk;
  const sizeGib = bytesToGibUp(disk.sizeBytes);
  const failed = (volumeName: string, cause: string) =>
    failure('create-failed', { diskKey, volumeName, cause, vm: sourceVmPath(disk) });
  return {
    step: 'createVolume',
    kind: 'create',
    disk,
    wanted: { bytes: gibToBytes(sizeGib), zoneId: facts.zone.id, offeringId: facts.offering.id },
    madeStates: ['Allocated', 'Ready'],
    removableStates: ['Allocated', 'Destroy'],
    tags: ownershipTags(run.workflowId, disk),
    obstacle: () => Promise.resolve(undefined),
    call: (name, chosen) =>
      work.api.createVolume(
        {
          name,
          zoneId: facts.zone.id,
          diskOfferingId: facts.offering.id,
          sizeGib,
          ...chosen,
          ...(disk.account === undefined ? {} : { account: disk.account }),
          ...(disk.domainId === undefined ? {} : { domainId: disk.domainId }),
          ...(disk.projectId === undefined ? {} : { projectId: disk.projectId }),
        },
        { signal: run.signal },
      ),
    isGone: async (volumeId) => (await work.volumes.get(volumeId))?.goneAt !== undefined,
    failed,
    refused: (volumeName, cause) =>
      isKnownRefusal('createVolume', cause)
        ? failure('create-refused', { diskKey, volumeName, cause })
        : failed(volumeName, cause),
    record: async (tx, volume, volumeName) => {
      const backing = disk.backingUuid === undefined ? {} : { backingUuid: disk.backingUuid };
      const of = { site: disk.site, sourceId: disk.sourceId, sourceVmId: disk.sourceVmId, diskKey, ...backing };
      await work.volumes.add(tx, {
        ...of,
        volumeId: volume.id,
        volumeName,
        sizeBytes: volume.size,
        createdByWorkflowId: run.workflowId,
        createdByFirstRunId: disk.firstRunId,
      });
      await work.disks.set(tx, { ...of, volumeId: volume.id, boot: disk.boot ?? false });
    },
  };
}
