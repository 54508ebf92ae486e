import { OperationActiveError, type VolumeOperation } from '../database/volume-operations';
import { sourceVmPath } from '../domain/names';
import type { VolumeRef } from '../domain/step-io';
import type { ActivityRun } from './activity-run';
import { fenceOf } from './fence-of';
import { finishOperation } from './finish-operation';
import { describeJob, leavesDoubt } from './judge-job';
import { observeAttachment, type Settled } from './observe-attachment';
import { type JobEnd, settleJob } from './settle-job';
import type { VolumeWork } from './volume-work';

/**
 * Ends what an earlier attempt or run left unfinished on a volume, before anything new is sent for it: a job that is still on its
 * way would act after ours (apache/cloudstack#14214: a late detach took a volume off another VM). Its job is waited for, then the
 * listing decides what came of it.
 *
 * @param mine - the operation that the caller will go on with itself
 * @returns the caller's own unfinished operation, if there is one
 * @throws OperationActiveError when the operation is another source VM's; job-pending
 */
export async function settleEarlier(
  work: VolumeWork,
  run: ActivityRun,
  volume: VolumeRef,
  effect: string,
  mine: (operation: VolumeOperation) => boolean,
): Promise<VolumeOperation | undefined> {
  const active = await work.operations.active(volume.volumeId);
  if (active === undefined || mine(active)) return active;
  if (sourceVmPath(active) !== sourceVmPath(volume)) throw new OperationActiveError(active);

  const end = await settleJob(work, run, active);
  const seen = await observeAttachment(work, run, volume);
  const done = cameTrue(active, seen, end);
  const words = end.arrived ? describeJob(end.job) : 'it never arrived at CloudStack';
  await finishOperation(work, fenceOf(volume, run), effect, active, {
    state: done ? 'done' : 'failed',
    ...(done ? {} : { failure: words }),
    doubtful: !done && (active.kind === 'attach' || active.kind === 'detach') && (!end.arrived || leavesDoubt(end.job)),
  });
  work.log.info(
    { operation: active.id, kind: active.kind, volumeId: volume.volumeId, done, words },
    'Settled an unfinished operation of an earlier try',
  );
  return undefined;
}

function cameTrue(operation: VolumeOperation, seen: Settled, end: JobEnd): boolean {
  const at = seen.verdict === 'gone' ? undefined : seen.volume.virtualmachineid;
  switch (operation.kind) {
    case 'attach':
      return at !== undefined && at === operation.vmId;
    case 'detach':
      return at !== operation.vmId;
    case 'delete':
      return seen.verdict === 'gone';
    case 'create':
    case 'protect':
    case 'restore':
      return seen.verdict !== 'gone';
    // The volume does not show it: whoever owns the recovery point lists its snapshots and decides by them.
    case 'snapshot':
    case 'delete-snapshot':
      return end.arrived && end.job?.jobstatus === 1;
  }
}
