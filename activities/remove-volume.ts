import type { Volume } from '../cloudstack/api';
import type { Tx } from '../database/database';
import type { VolumeOperation } from '../database/volume-operations';
import { failure } from '../domain/failures';
import { sourceVmPath } from '../domain/names';
import type { DiskRef, VolumeRef } from '../domain/step-io';
import type { ActivityRun } from './activity-run';
import { fenceOf } from './fence-of';
import { finishOperation } from './finish-operation';
import { observeAttachment } from './observe-attachment';
import { recordOperation } from './record-operation';
import { sendChange } from './send-change';
import { settleEarlier } from './settle-earlier';
import type { VolumeMaking } from './volume-making';

/** Which undo deletes, and what it writes down when a volume is gone. */
export interface Removal {
  readonly undo: 'deleteVolume' | 'deleteRestoredVolume';
  /** Reads what it must know before the transaction; inside it the question would need a second connection of the pool. */
  readonly forgetting: (volumeId: string) => Promise<(tx: Tx) => Promise<void>>;
}

/**
 * Deletes one volume that was judged to be deletable, and proves it gone. deleteVolume is synchronous in CloudStack and takes as
 * long as the storage needs; a lost answer is answered by a look at the list.
 *
 * @throws delete-failed when it is still listed; job-pending; whatever the call throws
 */
export async function removeVolume(
  work: VolumeMaking,
  run: ActivityRun,
  disk: DiskRef,
  listed: Pick<Volume, 'id' | 'size'>,
  { undo, forgetting }: Removal,
): Promise<void> {
  const volume: VolumeRef = { ...disk, volumeId: listed.id, volumeBytes: listed.size };
  const { diskKey, volumeId, firstRunId } = volume;
  const fence = fenceOf(disk, run);
  const mine = (active: VolumeOperation): boolean => active.kind === 'delete' && active.firstRunId === firstRunId;
  const unfinished = await settleEarlier(work, run, volume, `${undo}.finish`, mine);
  const operation =
    unfinished ?? (await recordOperation(work, run, volume, `${undo}.record`, { kind: 'delete' }, mine));

  let seen = await observeAttachment(work, run, volume);
  let cause = 'it is still listed';
  if (seen.verdict === 'detached') {
    const sent = await sendChange(work, fence, operation, `${undo}.send`, () =>
      work.api.deleteVolume({ id: volumeId }, { signal: run.signal }),
    );
    if (sent.outcome === 'refused') cause = sent.error.text;
    seen = await observeAttachment(work, run, volume);
  }
  if (seen.verdict !== 'gone') {
    if (seen.verdict !== 'detached') cause = `it is attached to VM ${seen.volume.virtualmachineid ?? '?'}`;
    await finishOperation(work, fence, `${undo}.finish`, operation, { state: 'failed', failure: cause });
    throw failure('delete-failed', { diskKey, volumeId, cause, vm: sourceVmPath(disk) });
  }
  await finishOperation(work, fence, `${undo}.finish`, operation, { state: 'done' }, await forgetting(volumeId));
}
