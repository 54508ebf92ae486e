import { isCancellation, log, patched, proxyActivities } from '@temporalio/workflow';
import type { ReconcileActivities } from '../activities/queues';
import { taskQueues } from '../domain/names';
import { type ReconcileSiteInput, type ReconcileSiteOutput, reconcileSiteInputSchema } from '../domain/reconcile-io';
import { failureOf } from './failure-of';
import { parsedInput } from './parsed-input';

/**
 * Brings the job table of a site in line with what Temporal knows, then has doctor look at the site; started by the site's schedule.
 * While somebody does not answer the reconciliation waits, and the schedule starts no second one beside it. Doctor does not wait: what
 * it cannot read it says, and where it fails itself that is said in its place.
 */
export async function reconcileSite(input: ReconcileSiteInput): Promise<ReconcileSiteOutput> {
  const { site } = parsedInput(reconcileSiteInputSchema, input);
  const { reconcileJobs } = proxyActivities<ReconcileActivities>({
    taskQueue: taskQueues.main,
    startToCloseTimeout: '10m',
    heartbeatTimeout: '15s',
    retry: { initialInterval: '5s', maximumInterval: '1m' },
  });
  const reconciled = await reconcileJobs({ site });
  if (!patched('doctor-in-reconciliation')) return reconciled;
  return { ...reconciled, doctor: await look(site) };
}

/** After the reconciliation, so that doctor does not find what was corrected just now. */
async function look(site: string): Promise<NonNullable<ReconcileSiteOutput['doctor']>> {
  const { runDoctor } = proxyActivities<ReconcileActivities>({
    taskQueue: taskQueues.main,
    startToCloseTimeout: '4m',
    scheduleToCloseTimeout: '10m',
    heartbeatTimeout: '15s',
    retry: { initialInterval: '5s', maximumAttempts: 3 },
  });
  try {
    return await runDoctor({ site });
  } catch (error) {
    if (isCancellation(error)) throw error;
    const { message } = failureOf(error, 'runDoctor');
    log.warn('doctor could not look at the site', { site, cause: message });
    return { failed: message };
  }
}
