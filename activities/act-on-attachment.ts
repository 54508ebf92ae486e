import { randomUUID } from 'node:crypto';
import type { VolumeOperation } from '../database/volume-operations';
import type { VolumeRef } from '../domain/step-io';
import type { ActivityRun } from './activity-run';
import { fenceOf } from './fence-of';
import { finishOperation } from './finish-operation';
import { describeJob, leavesDoubt } from './judge-job';
import { observeAttachment, type Settled } from './observe-attachment';
import { recordOperation } from './record-operation';
import { sendChange } from './send-change';
import { settleEarlier } from './settle-earlier';
import { type JobEnd, jobIdIsStale, settleJob, waitForJob } from './settle-job';
import type { VolumeWork } from './volume-work';

/** One attach or detach, as the steps differ in it. */
export interface AttachmentAct {
  /** the activity, by which its effects are named */
  readonly step: string;
  readonly kind: 'attach' | 'detach';
  /** the VM that it is about: the appliance, or a failover VM */
  readonly vmId: string;
  /** where the volume must be for the call to be sent; anywhere else there is nothing to send */
  readonly actOn: Settled['verdict'];
  /** whether an unfinished operation is this run's own of this kind */
  mine(operation: VolumeOperation): boolean;
  call(jobId: string): Promise<unknown>;
}

/** What came of it: where the volume is now decides; the rest explains. */
export interface AttachmentEnd {
  readonly seen: Settled;
  /** Closes the operation of this run, if there is one. */
  readonly finish: (state: 'done' | 'failed') => Promise<void>;
  /** why the call did not lead to what was wanted, in CloudStack's words */
  readonly cause: string;
}

/**
 * The shape of attach and detach: settle what an earlier try left, observe, record and send if the volume is where the call makes
 * sense, observe again. A call is sent under a job id that was stored before, and an unfinished one again under the same id, so
 * that CloudStack executes it once at most.
 */
export async function actOnAttachment(
  work: VolumeWork,
  run: ActivityRun,
  volume: VolumeRef,
  act: AttachmentAct,
): Promise<AttachmentEnd> {
  const { step, vmId } = act;
  const fence = fenceOf(volume, run);
  let operation = await settleEarlier(work, run, volume, `${step}.finish`, (active) => act.mine(active));
  let end: JobEnd = operation === undefined ? { arrived: false } : await settleJob(work, run, operation);
  let refusal: string | undefined;
  let seen = await observeAttachment(work, run, volume, vmId);

  if (seen.verdict === act.actOn && !end.arrived) {
    if (operation !== undefined && jobIdIsStale(work, operation)) {
      const failure = 'its job id is too old to be sent again';
      await finishOperation(work, fence, `${step}.finish`, operation, { state: 'failed', failure, doubtful: true });
      operation = undefined;
    }
    const row = {
      kind: act.kind,
      vmId,
      jobId: randomUUID(),
      ...(act.kind === 'attach' ? { found: { attached: false } } : {}),
    };
    operation ??= await recordOperation(work, run, volume, `${step}.record`, row, (active) => act.mine(active));
    const jobId = operation.jobId ?? row.jobId;
    const sent = await sendChange(work, fence, operation, `${step}.send`, () => act.call(jobId));
    if (sent.outcome === 'refused') refusal = sent.error.text;
    else end = { arrived: true, job: await waitForJob(work, run, operation, jobId) };
    seen = await observeAttachment(work, run, volume, vmId);
  }

  const acted = operation;
  const cause = refusal ?? describeJob(end.arrived ? end.job : undefined);
  const doubtful = refusal === undefined && (!end.arrived || leavesDoubt(end.job));
  return {
    seen,
    cause,
    finish: async (state) => {
      if (acted === undefined) return;
      const failed = state === 'failed' ? { failure: cause } : {};
      // A disk that is where it should be was plugged or unplugged by somebody: only the opposite leaves a ghost.
      const ghost = doubtful && seen.verdict !== 'attached-here';
      await finishOperation(work, fence, `${step}.finish`, acted, { state, ...failed, doubtful: ghost });
    },
  };
}
