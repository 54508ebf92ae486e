import { type RestoreVolumeInput, restoreVolumeInputSchema } from '../domain/failover-io';
import { failure } from '../domain/failures';
import { sourceVmPath, volumeTagKeys } from '../domain/names';
import type { Facts } from '../site/judge-site';
import { activity } from './activity';
import type { ActivityRun } from './activity-run';
import { listCreated } from './find-created';
import { judgeSnapshot } from '../site/judge-snapshot';
import { listSnapshot } from './list-snapshots';
import { makeVolume, type VolumeRecipe } from './make-volume';
import type { PointWork } from './point-work';
import type { FailoverSiteActivities } from './queues';
import { removeDoubles } from './remove-doubles';
import { ownershipTags } from '../site/volume-tags';

/**
 * restoreVolume: when it answers, one volume made from the snapshot is listed as Ready under its name, alone and detached, with its
 * tags and size. That of a test stands among the test volumes only, that of a revert among the volumes, but is no disk's yet.
 *
 * It is made as createVolume makes an empty one. Other than there the job does the work: one that failed leaves an Allocated volume,
 * which the next try removes.
 *
 * Sources: reference cloudstack-api §7; fixture volume-snapshots.
 */
export function makeRestoreVolume(work: PointWork): FailoverSiteActivities['restoreVolume'] {
  return activity(
    'restoreVolume',
    work.run,
    restoreVolumeInputSchema,
    (disk) => disk,
    async (disk, run) => {
      const facts = await work.facts({ signal: run.signal });
      const recipe = recipeOf(work, run, disk, facts);
      await removeFailed(work, run, disk, recipe);
      const volume = await makeVolume(work, run, recipe, facts);
      return { volumeId: volume.id, volumeName: volume.name, volumeBytes: volume.size };
    },
  );
}

/** What tries that failed have left. */
async function removeFailed(
  work: PointWork,
  run: ActivityRun,
  disk: RestoreVolumeInput,
  recipe: VolumeRecipe,
): Promise<void> {
  const { diskKey, firstRunId, attempt } = disk;
  const rows = await work.operations.ofDisk(disk, diskKey, { kind: 'restore', firstRunId, attempt });
  for (const row of rows.filter(({ state }) => state === 'failed')) {
    const { volume, doubles } = await listCreated(work, run, row, row.volumeId, disk);
    const left = volume === undefined ? doubles : [volume, ...doubles];
    await removeDoubles(work, run, recipe, row.volumeName ?? '?', undefined, left);
  }
}

function recipeOf(work: PointWork, run: ActivityRun, disk: RestoreVolumeInput, facts: Facts): VolumeRecipe {
  const { diskKey, snapshotId, pointId, purpose, sizeBytes, firstRunId } = disk;
  const failed = (_name: string, cause: string) => failure('restore-failed', { diskKey, snapshotId, cause });
  return {
    step: 'restoreVolume',
    kind: 'restore',
    disk,
    found: { purpose, pointId, snapshotId },
    wanted: { bytes: sizeBytes, zoneId: facts.zone.id },
    madeStates: ['Ready'],
    removableStates: ['Allocated', 'Ready', 'Destroy'],
    tags: { ...ownershipTags(run.workflowId, disk), [volumeTagKeys.point]: pointId },
    obstacle: async () => {
      const snapshot = await listSnapshot(work, run, snapshotId, disk);
      if (judgeSnapshot(snapshot) === 'backed-up') return undefined;
      const what = snapshot === undefined ? 'gone' : `in state ${snapshot.state}`;
      return failure('snapshot-gone', { diskKey, snapshotId, pointId, what, vm: sourceVmPath(disk) });
    },
    call: (name, chosen) =>
      work.api.createVolumeFromSnapshot(
        {
          name,
          snapshotId,
          zoneId: facts.zone.id,
          ...chosen,
          ...(disk.account === undefined ? {} : { account: disk.account }),
          ...(disk.domainId === undefined ? {} : { domainId: disk.domainId }),
          ...(disk.projectId === undefined ? {} : { projectId: disk.projectId }),
        },
        { signal: run.signal },
      ),
    isGone: async (volumeId) =>
      ((await work.testVolumes.get(volumeId)) ?? (await work.volumes.get(volumeId)))?.goneAt !== undefined,
    failed,
    refused: failed,
    record: async (tx, volume, volumeName) => {
      const { site, sourceId, sourceVmId } = disk;
      const row = { site, sourceId, sourceVmId, diskKey, volumeId: volume.id, volumeName, sizeBytes: volume.size };
      if (purpose === 'test') {
        await work.testVolumes.add(tx, { ...row, pointId, snapshotId, firstRunId });
      } else {
        const createdBy = { createdByWorkflowId: run.workflowId, createdByFirstRunId: firstRunId };
        await work.volumes.add(tx, { ...row, ...createdBy });
      }
      work.log.info(
        { vm: sourceVmPath(disk), diskKey, volumeId: volume.id, snapshotId },
        'Made a volume of a snapshot',
      );
    },
  };
}
