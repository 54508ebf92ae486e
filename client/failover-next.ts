import { failBackWorkflowId, failoverWorkflowId, revertWorkflowId } from '../domain/names';
import { DiskferryFailure, failure, type FailureRecord } from '../domain/failures';

/**
 * The next command of a failure, as it is right for the run that the failure is about. The table of failures is shared by
 * replications and failovers, and a step that both have (a detach, say) names `diskferry retry`, which speaks to the replication
 * of a VM; its failover listens to `diskferry failover retry`.
 */

/** What a run of either kind is told or asked by; a failover's commands have these names behind `diskferry failover`. */
const SHARED_VERBS = /\bdiskferry (retry|cancel|abandon|status|watch)\b/g;

const firstParts = [failoverWorkflowId, failBackWorkflowId, revertWorkflowId].map(
  (workflowId) => `${workflowId({ site: '', sourceId: '', sourceVmId: '' }).split('/')[0] ?? ''}/`,
);

/** Whether a workflow id is that of a failover, a failback or a revert. */
export function isFailoverWorkflowId(workflowId: string): boolean {
  return firstParts.some((part) => workflowId.startsWith(part));
}

/**
 * A failure as it is shown: where it names the workflow that holds the VM, its commands are for that one, else for the run
 * in which it occurred.
 *
 * @param run - what the failure occurred in
 */
export function withNextFor(record: FailureRecord, run: 'replication' | 'failover'): FailureRecord {
  const holder = record.fields['holder'] ?? record.fields['owner'];
  const ofFailover =
    typeof holder === 'string' && holder.includes('/') ? isFailoverWorkflowId(holder) : run === 'failover';
  return ofFailover ? { ...record, next: nextInFailover(record.next) } : record;
}

/**
 * The same for an error of a failover's client: one of the table gets the right next command, and a VM without a run lacks a failover,
 * not a replication; any other comes back as it is.
 */
export function asFailoverError(error: unknown): unknown {
  if (!(error instanceof DiskferryFailure)) return error;
  const { record } = error;
  return record.code === 'vm-unknown'
    ? failure('failover-unknown', { vm: record.fields['vm'] ?? '' }, { cause: error.cause })
    : new DiskferryFailure(withNextFor(record, 'failover'), { cause: error.cause });
}

function nextInFailover(next: string): string {
  return next.replace(SHARED_VERBS, 'diskferry failover $1').replaceAll('docs/request.md', 'docs/failover-request.md');
}
