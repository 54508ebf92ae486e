import { CancellationScope, getExternalWorkflowHandle, log, workflowInfo } from '@temporalio/workflow';
import type { FailoverResult } from '../domain/failover-state';
import { sourceVmPath } from '../domain/names';
import type { Confirmations } from './failover-handlers';
import { registerFailoverHandlers } from './failover-handlers';
import { FailoverRun } from './failover-run';
import type { FailOverVmInput } from './inputs';
import { failOverVmInputSchema } from './inputs';
import { Lease } from './lease';
import { liveFailover } from './live-failover';
import type { MemberReady } from './messages';
import { memberReadySignal } from './messages';
import { parsedInput } from './parsed-input';
import { testFailover } from './test-failover';

/**
 * One failover of one VM, test or live.
 *
 * ```
 * test: preflight → snapshotting → restoring → (preparing) → deploying → attaching → starting → running ─lease─→ ending → ended
 * live: (quiescing → syncing →) preflight → snapshotting → (preparing) → deploying → moving → attaching
 *       → (awaiting_confirmation) ──point of no return──→ starting → failed_over
 *                                                           ↓ cannot go on by itself
 *                                                          held → (retryNow | abandonLeftovers)
 * before that point: a failure → compensating → rolled_back, a cancel → compensating → cancelled
 * an undo that does not succeed → needs_attention → abandoned
 * ```
 *
 * Three promises: the undo of a step is owed before the step begins; all volumes leave the failover VM before it is removed; a
 * sandbox is never left behind, whatever ends its test.
 */
export async function failOverVm(input: FailOverVmInput): Promise<FailoverResult> {
  const { request, requestDigest, searchAttributes } = parsedInput(failOverVmInputSchema, input);
  const root = CancellationScope.current();
  return await CancellationScope.nonCancellable(async () => {
    const { kind } = request;
    const run = new FailoverRun({
      kind,
      request,
      requestDigest,
      searchAttributes,
      failoverVmName: request.target.name,
    });
    const confirmations: Confirmations = { quiesced: false, confirmed: false };
    let lease: Lease | undefined;
    registerFailoverHandlers({ run, ...(kind === 'test' ? { lease: () => lease } : { confirmations }) });
    // Temporal's own cancel: a test ends, a live failover is taken back as long as it can be.
    root.cancelRequested.catch(() => {
      run.requestStop();
    });
    const tellParent = async (outcome: MemberReady['outcome'], failure?: string): Promise<void> => {
      await tell({ vm: sourceVmPath(run.vm), outcome, ...(failure === undefined ? {} : { failure }) });
    };
    if (request.kind === 'live') {
      return await liveFailover({ run, request, requestDigest, searchAttributes, confirmations, tellParent });
    }
    const { lease: duration, reminder } = request;
    return await testFailover({
      run,
      request,
      beginLease: () => {
        lease = new Lease(new Date(), duration, reminder, () => run.control.stopWish() !== undefined);
        return lease;
      },
      ready: () => tellParent('ready'),
    });
  });
}

/** Tells the group that this run is a member of, if it is. A group that is gone changes nothing for its members. */
async function tell(message: MemberReady): Promise<void> {
  const { parent } = workflowInfo();
  if (parent === undefined) return;
  try {
    await getExternalWorkflowHandle(parent.workflowId, parent.runId).signal(memberReadySignal, message);
  } catch (error) {
    log.warn('the group of this failover could not be told', { parent: parent.workflowId, error: String(error) });
  }
}
