import { durationText } from './disk-progress';
import type { ShownFailoverPlan } from './failover-plan-text';

/** What a failback gives up and what it keeps, as lines for people. */
export function lossLines(plan: Pick<ShownFailoverPlan, 'live'>, now: number): string[] {
  if (plan.live === undefined) return [];
  const { failoverVmName, since } = plan.live;
  const age = durationText((now - Date.parse(since)) / 1000);
  return [
    `Given up: VM ${failoverVmName}, and all that it wrote in the ${age} since ${since}.`,
    'Kept: a recovery point with those writes (diskferry points), and the replicas, which are not verified until they are replicated again in full.',
  ];
}
