import type { VmClaim } from '../database/vm-claims';
import { type DiskferryFailure, failure } from '../domain/failures';
import { sourceVmPath } from '../domain/names';
import type { VmRef } from '../domain/step-io';
import type { Log } from './log';

/** Who holds a VM; without a kind, the test that has a sandbox of it. */
type Holder = Omit<VmClaim, 'kind'> & Partial<Pick<VmClaim, 'kind'>>;

/** What taking a claim came to. */
export type Taken =
  { readonly outcome: 'taken'; readonly epoch: number } | { readonly outcome: 'held'; readonly holder: Holder };

/**
 * Takes a claim, or takes it over from exactly the run that Temporal says is closed; between the question and the take-over nobody
 * else can slip in, since the row is compared again.
 *
 * @param take - one try; `replaces` is the run id of a holder that is known to be closed
 * @throws vm-claimed naming the holder
 */
export async function takeOrTakeOver(
  work: { readonly log: Log; readonly isRunClosed: (workflowId: string, runId: string) => Promise<boolean> },
  vm: VmRef,
  take: (replaces: string | undefined) => Promise<Taken>,
): Promise<{ epoch: number }> {
  let taken = await take(undefined);
  if (taken.outcome === 'held' && (await work.isRunClosed(taken.holder.workflowId, taken.holder.runId))) {
    const { holder } = taken;
    taken = await take(holder.runId);
    if (taken.outcome === 'taken') {
      work.log.warn(
        { source_vm: vm.vmName, from: holder.workflowId, fromRun: holder.runId, epoch: taken.epoch },
        'Took a VM over from a run that has ended without giving it free',
      );
    }
  }
  if (taken.outcome === 'taken') return { epoch: taken.epoch };
  throw claimedBy(vm, taken.holder);
}

/** The refusal that names who holds a VM, or has a sandbox of it. */
export function claimedBy(vm: VmRef, { workflowId, runId, kind }: Holder): DiskferryFailure {
  return failure('vm-claimed', { vm: sourceVmPath(vm), holder: workflowId, runId, kind: kind ?? 'test failover' });
}
