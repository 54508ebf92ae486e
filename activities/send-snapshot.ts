import type { Volume } from '../cloudstack/api';
import { type CloudStackError, isCloudStackError } from '../cloudstack/errors';
import { asksForDetach } from '../cloudstack/wordings';
import type { VolumeOperation } from '../database/volume-operations';
import { volumeTagKeys } from '../domain/names';
import type { SnapshotVolumeInput } from '../domain/failover-io';
import { type DiskferryFailure, failure } from '../domain/failures';
import { sourceVmPath } from '../domain/names';
import type { ActivityRun } from './activity-run';
import { fenceOf } from './fence-of';
import { finishOperation } from './finish-operation';
import { observeAttachment } from './observe-attachment';
import type { PointWork } from './point-work';
import { lookUntil } from './polling';
import { type Sent, sendChange } from './send-change';
import { type JobEnd, jobIdIsStale, settleJob, waitForJob } from './settle-job';
import { ownershipTags } from '../site/volume-tags';

/**
 * Sends createSnapshot and waits for its job. CloudStack on KVM refuses a second snapshot of a VM while one is under way (431): that
 * is waited for, since nothing was made.
 *
 * @throws snapshot-failed, snapshot-needs-detach, volume-gone; job-pending
 */
export async function sendSnapshot(
  work: PointWork,
  run: ActivityRun,
  input: SnapshotVolumeInput,
  operation: VolumeOperation,
): Promise<JobEnd> {
  // Another attempt beside us has finished it meanwhile.
  if (operation.state === 'done') return { arrived: true, job: undefined };
  const { diskKey, volumeId, pointId } = input;
  const giveUp = async (why: DiskferryFailure, words: string): Promise<never> => {
    const end = { state: 'failed' as const, failure: words };
    await finishOperation(work, fenceOf(input, run), 'snapshotVolume.finish', operation, end);
    throw why;
  };
  const fail = (cause: string): Promise<never> =>
    giveUp(failure('snapshot-failed', { diskKey, volumeId, cause }), cause);

  if (jobIdIsStale(work, operation)) return await fail('its job id is too old to be sent again');
  const seen = await observeAttachment(work, run, input);
  if (seen.verdict === 'gone') {
    return await giveUp(failure('volume-gone', { diskKey, volumeId, vm: sourceVmPath(input) }), 'the volume is gone');
  }
  if (seen.volume.state === 'Allocated') {
    return await fail(
      'it was never attached to a running VM, so there is nothing on the storage yet (state Allocated)',
    );
  }
  const { jobId } = operation;
  const sent = await lookUntil(work, run, work.polling.pendingMs, async () => {
    const answer = await sendChange(work, fenceOf(input, run), operation, 'snapshotVolume.send', () =>
      work.api.createSnapshot(
        {
          volumeId,
          name: operation.volumeName ?? '?',
          tags: { ...ownershipTags(run.workflowId, input), [volumeTagKeys.point]: pointId },
          ...(jobId === undefined ? {} : { customJobId: jobId }),
        },
        { signal: run.signal },
      ),
    );
    return isBusy(answer) ? undefined : answer;
  });
  if (sent === undefined) {
    throw failure('job-pending', { diskKey, volumeId, jobId: 'another snapshot of its VM is under way' });
  }
  if (sent.outcome === 'refused') {
    const { text: cause } = sent.error;
    if (!(await needsDetach(work, run, seen.volume, sent.error))) return await fail(cause);
    const vmId = seen.volume.virtualmachineid ?? '?';
    return await giveUp(failure('snapshot-needs-detach', { diskKey, site: input.site, volumeId, vmId, cause }), cause);
  }
  if (sent.outcome === 'closed') return await whatCameOf(work, run, input, operation);
  if (jobId === undefined) return { arrived: true, job: undefined };
  return { arrived: true, job: await waitForJob(work, run, operation, jobId) };
}

function isBusy(sent: Sent<unknown>): boolean {
  return sent.outcome === 'refused' && isCloudStackError(sent.error, 'conflict');
}

/** An operation that was ended meanwhile: by an attempt beside us, or by an undo. */
async function whatCameOf(
  work: PointWork,
  run: ActivityRun,
  { diskKey, volumeId }: SnapshotVolumeInput,
  operation: VolumeOperation,
): Promise<JobEnd> {
  const current = await work.operations.get(operation.id);
  if (current?.state === 'done') return await settleJob(work, run, current);
  throw failure('snapshot-failed', { diskKey, volumeId, cause: current?.failure ?? 'it was taken back' });
}

/** CloudStack: CloudRuntimeException is a 530; normal users read a fixed text in its place. */
const INTERNAL_ERROR = 530;

/**
 * Whether a refusal means that the site snapshots no volume of a running VM. Root admins read CloudStack's words; others only that
 * it was an internal error, so the setting is asked for, and where it is not shown the error itself counts.
 */
async function needsDetach(
  work: PointWork,
  run: ActivityRun,
  volume: Volume,
  error: CloudStackError,
): Promise<boolean> {
  if (volume.virtualmachineid === undefined || volume.vmstate === 'Stopped') return false;
  if (asksForDetach(error.text)) return true;
  if (error.errorCode !== INTERNAL_ERROR) return false;
  const { kvmsnapshotenabled } = await work.api.listCapabilities({ signal: run.signal });
  return kvmsnapshotenabled !== true;
}
