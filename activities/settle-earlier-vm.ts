import { type VmOperation, VmOperationActiveError } from '../database/vm-operations';
import type { FailoverVmRef } from '../domain/failover-io';
import { sourceVmPath } from '../domain/names';
import type { ActivityRun } from './activity-run';
import { describeJob } from './judge-job';
import { observeVm, pendingOnVm, type SettledVm } from './observe-vm';
import { settleJobById } from './settle-job';
import { finishVmOperation } from './vm-operation';
import type { VmWork } from './vm-work';

/**
 * Ends what an earlier attempt or run left unfinished on a failover VM, before anything new is sent for it: a start that is still on
 * its way would act after our stop. Its job is waited for, then the listing decides what came of it.
 *
 * @param mine - the operation that the caller will go on with itself
 * @returns the caller's own unfinished operation, if there is one
 * @throws VmOperationActiveError when the operation is another source VM's; vm-job-pending
 */
export async function settleEarlierOnVm(
  work: VmWork,
  run: ActivityRun,
  vm: FailoverVmRef,
  effect: string,
  mine: (operation: VmOperation) => boolean,
): Promise<VmOperation | undefined> {
  const active = await work.vmOperations.active(vm.failoverVmId);
  if (active === undefined || mine(active)) return active;
  if (sourceVmPath(active) !== sourceVmPath(vm)) throw new VmOperationActiveError(active);

  const end = await settleJobById(work, run, active.jobId, pendingOnVm(vm.failoverVmName));
  const done = cameTrue(active, await observeVm(work, run, vm));
  const words = end.arrived ? describeJob(end.job) : 'it never arrived at CloudStack';
  await finishVmOperation(
    work,
    run,
    vm,
    effect,
    active,
    done ? { state: 'done' } : { state: 'failed', failure: words },
  );
  work.log.info(
    { operation: active.id, kind: active.kind, failoverVmId: vm.failoverVmId, done, words },
    'Settled an unfinished operation of an earlier try on the failover VM',
  );
  return undefined;
}

function cameTrue({ kind }: VmOperation, { verdict }: SettledVm): boolean {
  switch (kind) {
    case 'deploy':
      return verdict === 'stopped' || verdict === 'running';
    case 'start':
      return verdict === 'running';
    case 'stop':
      return verdict !== 'running';
    case 'destroy':
      return verdict === 'destroyed' || verdict === 'gone';
    case 'expunge':
      return verdict === 'gone';
    case 'clear-root':
      // Whether its root is gone is for clearRoot and removeVm to see, which find it by this row whatever it says.
      return false;
  }
}
