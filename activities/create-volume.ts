import { sourceVmPath } from '../domain/names';
import type { Volume } from '../cloudstack/api';
import type { VmDisks } from '../database/vm-disks';
import type { VolumeOperation } from '../database/volume-operations';
import type { Volumes } from '../database/volumes';
import { failure } from '../domain/failures';
import { bytesToGibUp, gibToBytes } from '../domain/sizes';
import { type CreateVolumeInput, type CreateVolumeOutput, createVolumeInputSchema } from '../domain/step-io';
import { activity } from './activity';
import type { ActivityRun } from './activity-run';
import { currentCreate } from './create-operation';
import { ensureTags } from './ensure-tags';
import { fenceOf } from './fence-of';
import { type Created, findCreated, listCreated } from './find-created';
import { finishOperation } from './finish-operation';
import { isPassing } from './judge-attachment';
import { describeJob } from './judge-job';
import { judgeVolume } from './judge-volume';
import { isKnownRefusal } from './known-refusals';
import type { SiteActivities } from './queues';
import { removeDoubles } from './remove-doubles';
import { sendChange } from './send-change';
import { settleEarlierCreates } from './settle-earlier-creates';
import { jobIdIsStale, settleJob, waitForJob } from './settle-job';
import type { Facts } from '../site/judge-site';
import type { SiteFacts } from './site-facts';
import { takeExistingVolume } from './take-existing-volume';
import { compareTags, ownershipTags } from './volume-tags';
import type { VolumeWork } from './volume-work';

/** What createVolume and deleteVolume need. */
export interface VolumeMaking extends VolumeWork {
  readonly facts: SiteFacts;
  readonly volumes: Volumes;
  readonly disks: VmDisks;
}

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
      const { operation, fresh } = await currentCreate(work, run, disk, facts);

      let created = fresh ? undefined : await lookFor(work, run, disk, operation);
      if (created?.volume === undefined) {
        created = await send(work, run, disk, operation, facts);
      }
      const tagProblem =
        created.volume === undefined
          ? undefined
          : await ensureTags(work, run, created.volume, disk, 'createVolume.tag', tagsOf(disk, run));
      await waitForCreateJob(work, run, operation);
      return await prove(work, run, disk, operation, facts, created, tagProblem);
    },
  );
}

function tagsOf(disk: CreateVolumeInput, run: ActivityRun): Readonly<Record<string, string>> {
  return ownershipTags(run.workflowId, disk);
}

/** What an unfinished operation has made so far. A chosen volume id needs no patience: a second send of it is refused. */
async function lookFor(
  work: VolumeMaking,
  run: ActivityRun,
  disk: CreateVolumeInput,
  operation: VolumeOperation,
): Promise<Created> {
  if (operation.volumeId !== undefined) return await listCreated(work, run, operation, operation.volumeId, disk);
  return await findCreated(work, run, operation, disk);
}

/** Sends the create; the volume's row exists in CloudStack when that answers. */
async function send(
  work: VolumeMaking,
  run: ActivityRun,
  disk: CreateVolumeInput,
  operation: VolumeOperation,
  facts: Facts,
): Promise<Created> {
  const name = operation.volumeName ?? '?';
  const { diskKey } = disk;
  if (operation.state === 'done') {
    throw failure('volume-gone', { diskKey, volumeId: operation.volumeId ?? name, vm: sourceVmPath(disk) });
  }
  const giveUp = async (cause: string): Promise<never> => {
    await finishOperation(work, fenceOf(disk, run), 'createVolume.finish', operation, {
      state: 'failed',
      failure: cause,
    });
    throw isKnownRefusal('createVolume', cause)
      ? failure('create-refused', { diskKey, volumeName: name, cause })
      : failure('create-failed', { diskKey, volumeName: name, cause, vm: sourceVmPath(disk) });
  };
  if (jobIdIsStale(work, operation)) return await giveUp('its job id is too old to be sent again');

  const sent = await sendChange(work, fenceOf(disk, run), operation, 'createVolume.send', () =>
    work.api.createVolume(
      {
        name,
        zoneId: facts.zone.id,
        diskOfferingId: facts.offering.id,
        sizeGib: bytesToGibUp(disk.sizeBytes),
        ...(operation.choseVolumeId && operation.volumeId !== undefined ? { customId: operation.volumeId } : {}),
        ...(operation.jobId === undefined ? {} : { customJobId: operation.jobId }),
        ...(disk.account === undefined ? {} : { account: disk.account }),
        ...(disk.domainId === undefined ? {} : { domainId: disk.domainId }),
        ...(disk.projectId === undefined ? {} : { projectId: disk.projectId }),
      },
      { signal: run.signal },
    ),
  );
  if (sent.outcome === 'refused') return await giveUp(sent.error.text);
  if (sent.outcome === 'sent' && sent.answer !== undefined) {
    return { volume: newlyMade(sent.answer.id, name, disk), doubles: [] };
  }
  return await findCreated(work, run, operation, disk);
}

/** What is known of a volume from the answer to its create, before any listing: it is new, so it has no tags. */
function newlyMade(id: string, name: string, disk: CreateVolumeInput): Volume {
  return { id, name, size: gibToBytes(bytesToGibUp(disk.sizeBytes)), state: 'Allocated', tags: [] };
}

async function waitForCreateJob(work: VolumeMaking, run: ActivityRun, operation: VolumeOperation): Promise<void> {
  if (operation.state === 'recorded' && operation.jobId !== undefined) {
    await waitForJob(work, run, operation, operation.jobId);
  }
}

/** Looks, removes doubles, and closes the row once everything is as it must be. */
async function prove(
  work: VolumeMaking,
  run: ActivityRun,
  disk: CreateVolumeInput,
  operation: VolumeOperation,
  facts: Facts,
  created: Created,
  tagProblem: string | undefined,
): Promise<CreateVolumeOutput> {
  const { diskKey } = disk;
  const fence = fenceOf(disk, run);
  const name = operation.volumeName ?? '?';
  const seen = await listCreated(work, run, operation, operation.volumeId ?? created.volume?.id, disk);
  if (seen.volume === undefined) {
    const end = await settleJob(work, run, operation);
    const cause = end.arrived ? describeJob(end.job) : 'the volume is not listed';
    await finishOperation(work, fence, 'createVolume.finish', operation, { state: 'failed', failure: cause });
    throw failure('create-failed', { diskKey, volumeName: name, cause, vm: sourceVmPath(disk) });
  }
  const { volume } = seen;
  if (isPassing(volume.state)) {
    throw failure('job-pending', { diskKey, volumeId: volume.id, jobId: volume.jobid ?? `state ${volume.state}` });
  }
  await removeDoubles(work, run, disk, operation, volume, seen.doubles);

  const bytes = gibToBytes(bytesToGibUp(disk.sizeBytes));
  const tags = compareTags(volume, tagsOf(disk, run));
  const differences = [
    ...judgeVolume(volume, { bytes, zoneId: facts.zone.id, offeringId: facts.offering.id }),
    ...tags.different,
  ];
  if (differences.length > 0) {
    throw failure('volume-differs', { diskKey, volumeId: volume.id, differences: differences.join('; ') });
  }
  if (Object.keys(tags.missing).length > 0) {
    const cause = `its tags were not set: ${tagProblem ?? Object.keys(tags.missing).join(', ')}`;
    throw failure('create-failed', { diskKey, volumeName: name, cause, vm: sourceVmPath(disk) });
  }
  if (operation.state === 'recorded') {
    await finishOperation(
      work,
      fence,
      'createVolume.finish',
      operation,
      { state: 'done', volumeId: volume.id },
      async (tx) => {
        const backing = disk.backingUuid === undefined ? {} : { backingUuid: disk.backingUuid };
        const of = { site: disk.site, sourceId: disk.sourceId, sourceVmId: disk.sourceVmId, diskKey, ...backing };
        await work.volumes.add(tx, {
          ...of,
          volumeId: volume.id,
          volumeName: name,
          sizeBytes: volume.size,
          createdByWorkflowId: run.workflowId,
          createdByFirstRunId: disk.firstRunId,
        });
        await work.disks.set(tx, { ...of, volumeId: volume.id, boot: disk.boot ?? false });
      },
    );
  }
  return { volumeId: volume.id, volumeName: name, volumeBytes: volume.size, created: true };
}
