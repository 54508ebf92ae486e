import { proxyActivities } from '@temporalio/workflow';
import type { DoctorSiteActivities } from '../activities/queues';
import { type ExamineSiteInput, examineSiteInputSchema } from '../domain/doctor-io';
import { taskQueues } from '../domain/names';
import type { SiteHoldings } from '../site/read-holdings';
import { closingFailure, failureOf } from './failure-of';
import { parsedInput } from './parsed-input';

/** Has the site's worker list what its CloudStack holds, within a time limit, for a doctor that has not the keys. Changes nothing. */
export async function examineSite(input: ExamineSiteInput): Promise<SiteHoldings> {
  const { site } = parsedInput(examineSiteInputSchema, input);
  const activities = proxyActivities<DoctorSiteActivities>({
    taskQueue: taskQueues.site(site),
    scheduleToCloseTimeout: '60s',
    heartbeatTimeout: '15s',
    retry: { maximumAttempts: 1 },
  });
  try {
    return await activities.examineSite({ site });
  } catch (error) {
    throw closingFailure(failureOf(error, 'examineSite'));
  }
}
