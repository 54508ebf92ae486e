import { executeChild, uuid4 } from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { LiveFailoverRequest } from '../domain/failover-request';
import { failureRecord } from '../domain/failures';
import { replicationWorkflowId, sourceVmPath } from '../domain/names';
import type { ReplicationResult } from '../domain/replication-state';
import type { FailoverRun } from './failover-run';
import { StepFailed, Stopped, failureOf } from './failure-of';
import type { ReplicateVmInput } from './inputs';
import { startAttributes } from './start-attributes';

/**
 * The final sync: a replication of its own, under its own workflow id, before the failover holds the VM. When it fails nothing else
 * was done; when it is held, its own commands let it go on, and the failover waits.
 *
 * @throws StepFailed when it did not end as replicated, Stopped when the run is to stop
 */
export async function finalSync(
  { vm, control, view }: FailoverRun,
  request: NonNullable<LiveFailoverRequest['finalSync']>,
  requestDigest: string,
  searchAttributes: boolean,
): Promise<void> {
  view.enter('syncing');
  const requestId = uuid4();
  const child: ReplicateVmInput = {
    request: { ...request, overwrite: true, requestId },
    // Of no request that a client could send again: the digest is the failover's, said to be its sync's.
    requestDigest: `final-sync-of-${requestDigest}`,
    searchAttributes,
  };
  let result: ReplicationResult;
  try {
    result = (await executeChild('replicateVm', {
      workflowId: replicationWorkflowId(vm),
      args: [child],
      // A failover that is stopped stops its sync, gently: all volumes stay where they are.
      cancellationType: 'WAIT_CANCELLATION_COMPLETED',
      parentClosePolicy: 'REQUEST_CANCEL',
      staticSummary: `Final sync of ${vm.vmName} before its failover`,
      memo: { requestId, requestDigest: child.requestDigest },
      ...startAttributes(vm, searchAttributes),
    })) as ReplicationResult;
  } catch (error) {
    if (control.stopWish() !== undefined) throw new Stopped();
    const record =
      error instanceof WorkflowExecutionAlreadyStartedError
        ? failureRecord('vm-claimed', {
            vm: sourceVmPath(vm),
            holder: replicationWorkflowId(vm),
            runId: 'running',
            kind: 'replication',
          })
        : failureOf(error, 'final sync');
    view.state.lastFailure = record;
    throw new StepFailed(undefined, record);
  }
  if (control.stopWish() !== undefined) throw new Stopped();
  if (result.state === 'replicated') return;
  const record = failureRecord('internal', { where: 'final sync', cause: `it ended as ${result.state}` });
  view.state.lastFailure = record;
  throw new StepFailed(undefined, record);
}
