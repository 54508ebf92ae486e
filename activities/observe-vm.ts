import type { VirtualMachine } from '../cloudstack/api';
import { failure } from '../domain/failures';
import type { FailoverVmRef } from '../domain/failover-io';
import type { ActivityRun } from './activity-run';
import { judgeVm, type VmState } from './judge-vm';
import { listScope } from './list-scope';
import { lookUntil } from './polling';
import type { Pending } from './settle-job';
import type { VmWork } from './vm-work';

/** A verdict that stands: no job on the VM is pending. */
export type SettledVm = Exclude<VmState, { verdict: 'pending' }>;

/** Lists the VM and judges it, as things are now. */
export async function lookAtVm(work: Pick<VmWork, 'api'>, run: ActivityRun, vm: FailoverVmRef): Promise<VmState> {
  const listing = await work.api.listVirtualMachines({ id: vm.failoverVmId, ...listScope(vm) }, { signal: run.signal });
  return judgeVm(listing, vm.failoverVmId);
}

/**
 * Looks until no job on the VM is pending, and says what it does then.
 *
 * @throws vm-job-pending (unavailable: tried again without end) when a job stays pending, so that the wait is seen
 */
export async function observeVm(
  work: Pick<VmWork, 'api' | 'clock' | 'polling'>,
  run: ActivityRun,
  vm: FailoverVmRef,
): Promise<SettledVm> {
  let jobId = '?';
  const settled = await lookUntil(work, run, work.polling.pendingMs, async () => {
    const seen = await lookAtVm(work, run, vm);
    if (seen.verdict !== 'pending') return seen;
    jobId = seen.jobId;
    return undefined;
  });
  if (settled !== undefined) return settled;
  throw pendingOnVm(vm.failoverVmName)(jobId);
}

/** The failure that says that a job of a VM stays pending. */
export function pendingOnVm(name: string): Pending {
  return (jobId) => failure('vm-job-pending', { name, jobId });
}

/** What a VM does, in words for people. */
export function describeVm(seen: SettledVm): string {
  return seen.verdict === 'gone' ? 'it is not listed' : `it is ${stateOf(seen.machine)}`;
}

function stateOf({ state }: VirtualMachine): string {
  return `in state ${state}`;
}
