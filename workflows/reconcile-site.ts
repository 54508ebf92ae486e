import { proxyActivities } from '@temporalio/workflow';
import type { ReconcileActivities } from '../activities/queues';
import { taskQueues } from '../domain/names';
import { type ReconcileJobsOutput, type ReconcileSiteInput, reconcileSiteInputSchema } from '../domain/reconcile-io';
import { parsedInput } from './parsed-input';

/**
 * Brings the job table of a site in line with what Temporal knows; started by the site's schedule. While somebody does not answer it
 * waits, and the schedule starts no second one beside it.
 */
export async function reconcileSite(input: ReconcileSiteInput): Promise<ReconcileJobsOutput> {
  const { site } = parsedInput(reconcileSiteInputSchema, input);
  const { reconcileJobs } = proxyActivities<ReconcileActivities>({
    taskQueue: taskQueues.main,
    startToCloseTimeout: '10m',
    heartbeatTimeout: '15s',
    retry: { initialInterval: '5s', maximumInterval: '1m' },
  });
  return await reconcileJobs({ site });
}
