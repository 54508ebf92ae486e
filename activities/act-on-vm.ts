import { randomUUID } from 'node:crypto';
import type { VmOperation, VmOperationKind } from '../database/vm-operations';
import type { FailoverVmRef } from '../domain/failover-io';
import { DiskferryFailure } from '../domain/failures';
import type { ActivityRun } from './activity-run';
import { describeJob } from './judge-job';
import { describeVm, observeVm, pendingOnVm, type SettledVm } from './observe-vm';
import { settleEarlierOnVm } from './settle-earlier-vm';
import { type JobEnd, jobIdIsStale, settleJobById, waitForJobById } from './settle-job';
import { finishVmOperation, recordVmOperation, sendVmChange } from './vm-operation';
import type { VmWork } from './vm-work';

/** One change of a VM: start, stop, destroy, expunge, as they differ. */
export interface VmAct {
  readonly kind: VmOperationKind;
  readonly effects: { readonly record: string; readonly send: string; readonly finish: string };
  /** in which verdicts the call makes sense; in any other there is nothing to send */
  readonly actOn: readonly SettledVm['verdict'][];
  /** asked before the row is written and again right before the call is sent; what it throws ends the operation */
  readonly guard?: () => Promise<void>;
  call(jobId: string): Promise<unknown>;
}

/** What came of it: what the VM does now decides; the rest explains. */
export interface VmEnd {
  readonly seen: SettledVm;
  /** whether this call sent something, or went on with what an earlier try had sent */
  readonly acted: boolean;
  /** whether CloudStack says that its job succeeded */
  readonly succeeded: boolean;
  /** why the call did not lead to what was wanted, in CloudStack's words */
  readonly cause: string;
  /** Closes the operation of this run, if there is one. */
  readonly finish: (state: 'done' | 'failed') => Promise<void>;
}

/**
 * The shape of every change of a failover VM, as actOnAttachment has it for a volume: settle what an earlier try left, observe,
 * record and send if the VM is where the call makes sense, observe again. A call is sent under a job id that was stored before, and
 * an unfinished one again under the same id, so that CloudStack executes it once at most.
 */
export async function actOnVm(work: VmWork, run: ActivityRun, vm: FailoverVmRef, act: VmAct): Promise<VmEnd> {
  const { kind, effects } = act;
  const mine = (active: VmOperation): boolean => active.kind === kind && active.firstRunId === vm.firstRunId;
  const pending = pendingOnVm(vm.failoverVmName);
  let operation = await settleEarlierOnVm(work, run, vm, effects.finish, mine);
  let end: JobEnd =
    operation === undefined ? { arrived: false } : await settleJobById(work, run, operation.jobId, pending);
  let refusal: string | undefined;
  let seen = await observeVm(work, run, vm);
  const finish = async (done: VmOperation, state: 'done' | 'failed', failure: string): Promise<void> => {
    await finishVmOperation(work, run, vm, effects.finish, done, { state, ...(state === 'failed' ? { failure } : {}) });
  };

  if (act.actOn.includes(seen.verdict) && !end.arrived) {
    if (operation !== undefined && jobIdIsStale(work, operation)) {
      await finish(operation, 'failed', 'its job id is too old to be sent again');
      operation = undefined;
    }
    await act.guard?.();
    const row = { kind, jobId: randomUUID() };
    const recorded = (operation ??= await recordVmOperation(work, run, vm, effects.record, row, mine));
    const jobId = recorded.jobId ?? row.jobId;
    await act.guard?.().catch(async (error: unknown) => {
      if (error instanceof DiskferryFailure) await finish(recorded, 'failed', error.message);
      throw error;
    });
    const sent = await sendVmChange(work, recorded, effects.send, () => act.call(jobId));
    if (sent.outcome === 'refused') refusal = sent.error.text;
    else end = { arrived: true, job: await waitForJobById(work, run, jobId, pending) };
    seen = await observeVm(work, run, vm);
  }

  const acted = operation;
  const succeeded = end.arrived && end.job?.jobstatus === 1;
  const cause = refusal ?? (end.arrived ? describeJob(end.job) : describeVm(seen));
  return {
    seen,
    acted: acted !== undefined,
    succeeded,
    cause,
    finish: async (state) => {
      if (acted !== undefined) await finish(acted, state, cause);
    },
  };
}
