import type { Volume } from '../cloudstack/api';
import type { VolumeOperation } from '../database/volume-operations';
import { type DeleteVolumeInput, deleteVolumeInputSchema } from '../domain/step-io';
import { activity } from './activity';
import type { ActivityRun } from './activity-run';
import type { VolumeMaking } from './create-volume';
import { fenceOf } from './fence-of';
import { findCreated, listCreated } from './find-created';
import { finishOperation } from './finish-operation';
import { listScope } from './list-scope';
import { describeJob } from './judge-job';
import { whyNotDelete } from './judge-deletion';
import type { SiteActivities } from './queues';
import { deleteNamedVolume } from './release-deletion';
import { removeVolume } from './remove-volume';
import { kept, nothingToUndo, undone } from './undo-outcome';

/**
 * deleteVolume: as an undo of createVolume, what this provisioning attempt made for the disk is gone from the list, or is named as
 * kept with the reason. Value decides: an empty volume is removed; one that a copy may have written never is. In a release it
 * deletes the one volume that the operator named.
 *
 * Why it is hard: the create may have been cut off anywhere, so the volume is found by the operation's row, its job, or its exact
 * name; CloudStack's 431 means "gone" and "still attached" alike (4350 for both), so every refusal is answered by a look; a failed
 * expunge leaves a volume in `Destroy` that a second delete removes.
 *
 * Sources: reference cloudstack-api §2.4 (deleteVolume), §7; fixtures volume-lifecycle, delete-protection, hypervisor-faults.
 */
export function makeDeleteVolume(work: VolumeMaking): SiteActivities['deleteVolume'] {
  return activity(
    'deleteVolume',
    work.run,
    deleteVolumeInputSchema,
    (disk) => disk,
    async (disk, run) => {
      if (disk.mode === 'release') return await deleteNamedVolume(work, run, disk);
      const { diskKey, firstRunId, attempt } = disk;
      const creates = await work.operations.ofDisk(disk, diskKey, { kind: 'create', firstRunId, attempt });
      if (creates.length === 0) return nothingToUndo('deleteVolume');
      const reasons: string[] = [];
      for (const create of creates) {
        for (const volume of await volumesOf(work, run, disk, create)) {
          const reason = await deleteUnlessUsed(work, run, disk, create, volume);
          if (reason !== undefined) reasons.push(reason);
        }
        await recordGone(work, run, disk, create);
      }
      return reasons.length === 0 ? undone('deleteVolume') : kept('deleteVolume', reasons.join('; '));
    },
  );
}

/** What a create made, and ends its row if it was cut off: from here on nothing is sent for it any more. */
async function volumesOf(
  work: VolumeMaking,
  run: ActivityRun,
  disk: DeleteVolumeInput,
  create: VolumeOperation,
): Promise<readonly Volume[]> {
  if (create.state !== 'recorded') {
    const { volume, doubles } = await listCreated(work, run, create, create.volumeId, disk);
    return volume === undefined ? doubles : [volume, ...doubles];
  }
  const { volume, doubles, end } = await findCreated(work, run, create, disk);
  const words = end.arrived ? describeJob(end.job) : 'it never arrived at CloudStack';
  await finishOperation(
    work,
    fenceOf(disk, run),
    'deleteVolume.finish',
    create,
    volume === undefined ? { state: 'failed', failure: words } : { state: 'done', volumeId: volume.id },
  );
  return volume === undefined ? doubles : [volume, ...doubles];
}

/** @returns what was kept and why; undefined when the volume is gone */
async function deleteUnlessUsed(
  work: VolumeMaking,
  run: ActivityRun,
  disk: DeleteVolumeInput,
  create: VolumeOperation,
  volume: Volume,
): Promise<string | undefined> {
  const record = await work.volumes.get(volume.id);
  const why = whyNotDelete(volume, record, disk.firstRunId);
  if (why === undefined) {
    await removeVolume(work, run, disk, volume);
    return undefined;
  }
  const reason = `disk ${String(disk.diskKey)}: volume ${volume.id} (${create.volumeName ?? volume.name}) is kept: ${why}`;
  if (record !== undefined && record.keptBecause !== why) {
    await work.effect('deleteVolume.finish', () =>
      work.database.fenced(fenceOf(disk, run), (tx) => work.volumes.keep(tx, volume.id, why)),
    );
  }
  return reason;
}

/**
 * Writes down what is gone: a volume that somebody else removed, or that an earlier try deleted and was cut off before it could say
 * so (its delete is unfinished then; a double's too).
 */
async function recordGone(
  work: VolumeMaking,
  run: ActivityRun,
  disk: DeleteVolumeInput,
  create: VolumeOperation,
): Promise<void> {
  const { diskKey, firstRunId } = disk;
  const deletes = await work.operations.ofDisk(disk, diskKey, { kind: 'delete', firstRunId });
  const unfinished = deletes.filter((operation) => operation.state === 'recorded');
  const created = (await work.operations.get(create.id))?.volumeId;
  for (const volumeId of new Set([created, ...unfinished.map((operation) => operation.volumeId)])) {
    if (volumeId === undefined) continue;
    const record = await work.volumes.get(volumeId);
    const open = unfinished.filter((operation) => operation.volumeId === volumeId);
    if (open.length === 0 && (record === undefined || record.goneAt !== undefined)) continue;
    const listing = await work.api.listVolumes({ id: volumeId, ...listScope(disk) }, { signal: run.signal });
    if (listing.some((volume) => volume.state !== 'Expunged')) continue;
    await work.effect('deleteVolume.finish', () =>
      work.database.fenced(fenceOf(disk, run), async (tx) => {
        for (const operation of open) await work.operations.finish(tx, operation.id, { state: 'done' });
        if (record !== undefined) await work.volumes.markGone(tx, volumeId);
        await work.disks.remove(tx, disk, diskKey, volumeId);
      }),
    );
  }
}
