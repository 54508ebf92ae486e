import type { CreateVolumeInput } from '../domain/step-io';
import type { ActivityRun } from './activity-run';
import type { VolumeMaking } from './volume-making';
import { fenceOf } from './fence-of';
import { findCreated } from './find-created';
import { finishOperation } from './finish-operation';
import { describeJob } from './judge-job';

/**
 * Ends creates of this disk that earlier runs or attempts left unfinished, so that a volume they made is known to the database.
 * Such a volume stays where it is: its maker's undo owns it, or doctor reports it.
 */
export async function settleEarlierCreates(
  work: VolumeMaking,
  run: ActivityRun,
  disk: CreateVolumeInput,
): Promise<void> {
  const rows = await work.operations.ofDisk(disk, disk.diskKey, { kind: 'create' });
  for (const row of rows) {
    if (row.state !== 'recorded' || (row.firstRunId === disk.firstRunId && row.attempt === disk.attempt)) continue;
    const { volume, end } = await findCreated(work, run, row, disk);
    const words = end.arrived ? describeJob(end.job) : 'it never arrived at CloudStack';
    await finishOperation(
      work,
      fenceOf(disk, run),
      'createVolume.finish',
      row,
      volume === undefined ? { state: 'failed', failure: words } : { state: 'done', volumeId: volume.id },
      async (tx) => {
        if (volume === undefined) return;
        await work.volumes.add(tx, {
          site: row.site,
          sourceId: row.sourceId,
          sourceVmId: row.sourceVmId,
          diskKey: row.diskKey,
          volumeId: volume.id,
          volumeName: volume.name,
          sizeBytes: volume.size,
          createdByWorkflowId: row.workflowId,
          createdByFirstRunId: row.firstRunId,
        });
      },
    );
    if (volume !== undefined) {
      work.log.warn(
        { operation: row.id, volumeId: volume.id, owner: row.workflowId, runId: row.runId },
        'An earlier run left a volume that it had not finished making',
      );
    }
  }
}
