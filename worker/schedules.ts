import { type Client, ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';
import { reconcileScheduleId, reconcileWorkflowId, taskQueues } from '../domain/names';
import type { SiteConfiguration } from './config';

/** What a site's schedule is made from. */
export type ScheduledSite = Pick<SiteConfiguration, 'name' | 'reconcileEveryMs'>;

/**
 * Makes sure that each site has its schedule, as often as its configuration says; one that is there already is left as it is, paused or
 * not, but for its interval. Two at once make one.
 *
 * @returns the ids of those that were made or changed now
 * @throws what Temporal answers
 */
export async function ensureSchedules(client: Client, sites: readonly ScheduledSite[]): Promise<string[]> {
  const changed: string[] = [];
  for (const site of sites) if (await ensureSchedule(client, site)) changed.push(reconcileScheduleId(site.name));
  return changed;
}

async function ensureSchedule(client: Client, { name: site, reconcileEveryMs }: ScheduledSite): Promise<boolean> {
  const spec = { intervals: [{ every: reconcileEveryMs }] };
  const scheduleId = reconcileScheduleId(site);
  try {
    await client.schedule.create({
      scheduleId,
      spec,
      action: {
        type: 'startWorkflow',
        workflowType: 'reconcileSite',
        args: [{ site }],
        taskQueue: taskQueues.main,
        workflowId: reconcileWorkflowId(site),
      },
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1m' },
      memo: { madeBy: 'diskferry' },
    });
    return true;
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
  const handle = client.schedule.getHandle(scheduleId);
  const there = (await handle.describe()).spec.intervals?.[0]?.every;
  if (there === reconcileEveryMs) return false;
  await handle.update((before) => ({ ...before, spec }));
  return true;
}
