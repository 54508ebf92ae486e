import { log } from '@temporalio/workflow';
import { sourceVmPath } from '../domain/names';
import type { FailoverRun } from './failover-run';
import { StepFailed } from './failure-of';

/** Removes recovery points beyond those that the site keeps. What could not be removed is said, and left to the next run. */
export async function prunePoints({ vm, view, ledger, activities }: FailoverRun): Promise<void> {
  try {
    const { left } = await ledger.attempt('vm', 'prunePoints', () => activities.prunePoints(vm));
    if (left.length === 0) return;
    view.kept.push(...left);
    log.warn('recovery points beyond those that are kept could not all be removed', { vm: sourceVmPath(vm), left });
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    view.kept.push(`older recovery points could not be removed: ${error.record.message}`);
    log.warn('recovery points beyond those that are kept could not be removed', { vm: sourceVmPath(vm) });
  }
}
