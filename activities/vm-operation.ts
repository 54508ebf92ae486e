import { randomUUID } from 'node:crypto';
import { type VmOperation, VmOperationActiveError } from '../database/vm-operations';
import type { FailoverVmRef } from '../domain/failover-io';
import type { VmRef } from '../domain/step-io';
import type { ActivityRun } from './activity-run';
import { fenceOf } from './fence-of';
import { type Sent, sendWhileOpen } from './send-change';
import type { VmWork } from './vm-work';

/** What differs between the operations on a VM that is known. */
export type NewVmOperation = Pick<VmOperation, 'kind' | 'jobId' | 'rootVolumeId'>;

/**
 * Writes the row of an operation before it is sent, or joins the one that an attempt of this run beside us has written meanwhile
 * (the database admits one unfinished operation per VM).
 *
 * @param mine - whether an unfinished operation is this run's own of the same kind
 * @throws VmOperationActiveError when it is any other
 */
export async function recordVmOperation(
  work: VmWork,
  run: ActivityRun,
  vm: FailoverVmRef,
  effect: string,
  operation: NewVmOperation,
  mine: (operation: VmOperation) => boolean,
): Promise<VmOperation> {
  const id = randomUUID();
  try {
    await work.effect(effect, () =>
      work.database.fenced(fenceOf(vm, run), (tx, { epoch }) =>
        work.vmOperations.record(tx, {
          ...operation,
          id,
          site: vm.site,
          sourceId: vm.sourceId,
          sourceVmId: vm.sourceVmId,
          attempt: vm.attempt,
          failoverVmId: vm.failoverVmId,
          failoverVmName: vm.failoverVmName,
          choseVmId: false,
          workflowId: run.workflowId,
          firstRunId: vm.firstRunId,
          runId: run.runId,
          activityId: run.activityId,
          epoch,
        }),
      ),
    );
  } catch (error) {
    if (error instanceof VmOperationActiveError && mine(error.active)) return error.active;
    throw error;
  }
  return await recordedVmOperation(work, id);
}

/** Reads back a row that was written. */
export async function recordedVmOperation(work: Pick<VmWork, 'vmOperations'>, id: string): Promise<VmOperation> {
  const recorded = await work.vmOperations.get(id);
  if (recorded === undefined) throw new Error(`operation ${id} was recorded but is not there`);
  return recorded;
}

/** Sends the one call of a recorded operation on a VM; see {@link sendWhileOpen}. */
export async function sendVmChange<T>(
  work: VmWork,
  operation: VmOperation,
  effect: string,
  call: () => Promise<T>,
): Promise<Sent<T>> {
  const isOpen = async () => (await work.vmOperations.get(operation.id))?.state === 'recorded';
  return await sendWhileOpen(work, isOpen, effect, call);
}

/** Closes an operation's row. */
export async function finishVmOperation(
  work: VmWork,
  run: ActivityRun,
  vm: VmRef,
  effect: string,
  operation: VmOperation,
  end: { readonly state: 'done' | 'failed'; readonly failoverVmId?: string; readonly failure?: string },
): Promise<void> {
  await work.effect(effect, () =>
    work.database.fenced(fenceOf(vm, run), (tx) => work.vmOperations.finish(tx, operation.id, end)),
  );
}
