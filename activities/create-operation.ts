import { randomUUID } from 'node:crypto';
import type { VolumeOperation } from '../database/volume-operations';
import { sourceVmPath, volumeName } from '../domain/names';
import type { CreateVolumeInput } from '../domain/step-io';
import type { ActivityRun } from './activity-run';
import type { VolumeMaking } from './create-volume';
import { fenceOf } from './fence-of';
import type { Facts } from '../site/judge-site';
import { stableUuid } from './stable-uuid';

/** The operation of this attempt: unfinished, or done and its volume not deleted by us since; else a new row. */
export async function currentCreate(
  work: VolumeMaking,
  run: ActivityRun,
  disk: CreateVolumeInput,
  facts: Facts,
): Promise<{ operation: VolumeOperation; fresh: boolean }> {
  const { firstRunId, attempt, diskKey } = disk;
  const rows = await work.operations.ofDisk(disk, diskKey, { kind: 'create', firstRunId, attempt });
  const last = rows.at(-1);
  if (last !== undefined && last.state !== 'failed') {
    const record = last.volumeId === undefined ? undefined : await work.volumes.get(last.volumeId);
    if (record?.goneAt === undefined) return { operation: last, fresh: false };
  }
  const id = stableUuid(['create', sourceVmPath(disk), firstRunId, attempt, diskKey, rows.length].join(' '));
  const jobId = randomUUID();
  await work.effect('createVolume.record', () =>
    work.database.fenced(fenceOf(disk, run), (tx, { epoch }) =>
      work.operations.record(tx, {
        id,
        kind: 'create',
        site: disk.site,
        sourceId: disk.sourceId,
        sourceVmId: disk.sourceVmId,
        diskKey,
        attempt,
        volumeName: volumeName(disk.vmName, diskKey, id),
        ...(facts.mayChooseVolumeIds ? { volumeId: randomUUID() } : {}),
        choseVolumeId: facts.mayChooseVolumeIds,
        jobId,
        workflowId: run.workflowId,
        firstRunId,
        runId: run.runId,
        activityId: run.activityId,
        epoch,
      }),
    ),
  );
  const operation = await work.operations.get(id);
  if (operation === undefined) throw new Error(`operation ${id} was recorded but is not there`);
  // Another attempt beside us may have written it first; then it may have sent it too.
  return { operation, fresh: operation.jobId === jobId };
}
