import {
  isGrpcCancelledError,
  isGrpcDeadlineError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
} from '@temporalio/client';
import type { UpdateDefinition } from '@temporalio/common';
import { DiskferryFailure, failure } from '../domain/failures';
import { taskQueues } from '../domain/names';
import { carriedRecord } from '../temporal/carried-records';

/**
 * Sends an update and waits until the run has taken it, for its answer. The server keeps an update only while somebody waits for it, so without
 * a worker nothing has happened when the patience ends.
 *
 * @throws DiskferryFailure `update-refused`, `vm-unknown`, or `worker-missing` after `patienceMs`; only the last is worth a retry
 */
export async function sendUpdate<Answer, Args extends [unknown?]>(
  temporal: Client,
  /** `vm` as commands name it */
  target: { readonly vm: string; readonly workflowId: string; readonly patienceMs: number },
  update: UpdateDefinition<Answer, Args>,
  ...args: Args
): Promise<Answer> {
  const { vm } = target;
  const handle = temporal.workflow.getHandle(target.workflowId);
  try {
    const { status } = await handle.describe();
    if (status.name !== 'RUNNING') {
      throw failure('update-refused', { vm, update: update.name, reason: `it has ended (${status.name})` });
    }
    return await temporal.withDeadline(Date.now() + target.patienceMs, () =>
      args.length === 0
        ? handle.executeUpdate<Answer, []>(update.name)
        : handle.executeUpdate<Answer, [unknown]>(update.name, { args: [args[0]] }),
    );
  } catch (error) {
    throw translate(error, vm, update.name, target.patienceMs);
  }
}

function translate(error: unknown, vm: string, update: string, patienceMs: number): unknown {
  if (error instanceof WorkflowNotFoundError) return failure('vm-unknown', { vm }, { cause: error });
  if (error instanceof WorkflowUpdateFailedError) {
    const record = carriedRecord(error);
    return record === undefined
      ? failure('update-refused', { vm, update, reason: error.cause?.message ?? error.message }, { cause: error })
      : new DiskferryFailure(record, { cause: error });
  }
  if (
    error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ||
    isGrpcDeadlineError(error) ||
    isGrpcCancelledError(error)
  ) {
    return failure(
      'worker-missing',
      {
        taskQueue: taskQueues.main,
        what: `"${update}" did not reach the run of VM ${vm} within ${String(Math.round(patienceMs / 1000))} s; nothing was changed`,
      },
      { cause: error },
    );
  }
  return error;
}
