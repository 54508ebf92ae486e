import type { Volume } from '../cloudstack/api';
import type { VolumeOperation } from '../database/volume-operations';
import type { DiskRef } from '../domain/step-io';
import type { ActivityRun } from './activity-run';
import { fenceOf } from './fence-of';
import { findCreated, listCreated } from './find-created';
import { finishOperation } from './finish-operation';
import { describeJob } from './judge-job';
import { listScope } from './list-scope';
import type { Removal } from './remove-volume';
import type { VolumeMaking } from './volume-making';

/** What a create or restore made, and ends its row if it was cut off: from here on nothing is sent for it any more. */
export async function volumesMadeBy(
  work: VolumeMaking,
  run: ActivityRun,
  disk: DiskRef,
  making: VolumeOperation,
  { undo }: Pick<Removal, 'undo'>,
): Promise<readonly Volume[]> {
  if (making.state !== 'recorded') {
    const { volume, doubles } = await listCreated(work, run, making, making.volumeId, disk);
    return volume === undefined ? doubles : [volume, ...doubles];
  }
  const { volume, doubles, end } = await findCreated(work, run, making, disk);
  const words = end.arrived ? describeJob(end.job) : 'it never arrived at CloudStack';
  await finishOperation(
    work,
    fenceOf(disk, run),
    `${undo}.finish`,
    making,
    volume === undefined ? { state: 'failed', failure: words } : { state: 'done', volumeId: volume.id },
  );
  return volume === undefined ? doubles : [volume, ...doubles];
}

/**
 * Writes down what is gone: a volume that somebody else removed, or that an earlier try deleted and was cut off before it could say
 * so (its delete is unfinished then; a double's too).
 *
 * @param isLive - whether the database still takes a volume for there
 */
export async function recordGone(
  work: VolumeMaking,
  run: ActivityRun,
  disk: DiskRef,
  making: VolumeOperation,
  { undo, forgetting }: Removal,
  isLive: (volumeId: string) => Promise<boolean>,
): Promise<void> {
  const { diskKey, firstRunId } = disk;
  const deletes = await work.operations.ofDisk(disk, diskKey, { kind: 'delete', firstRunId });
  const unfinished = deletes.filter((operation) => operation.state === 'recorded');
  const made = (await work.operations.get(making.id))?.volumeId;
  for (const volumeId of new Set([made, ...unfinished.map((operation) => operation.volumeId)])) {
    if (volumeId === undefined) continue;
    const open = unfinished.filter((operation) => operation.volumeId === volumeId);
    if (open.length === 0 && !(await isLive(volumeId))) continue;
    const listing = await work.api.listVolumes({ id: volumeId, ...listScope(disk) }, { signal: run.signal });
    if (listing.some((volume) => volume.state !== 'Expunged')) continue;
    const forget = await forgetting(volumeId);
    await work.effect(`${undo}.finish`, () =>
      work.database.fenced(fenceOf(disk, run), async (tx) => {
        for (const operation of open) await work.operations.finish(tx, operation.id, { state: 'done' });
        await forget(tx);
      }),
    );
  }
}
