import type { ActivityWatcher } from './activity-observer';
import type { Metrics } from './metrics';
import type { ServedQueue } from './served-queues';

/** Counts the activities of one task queue. */
export function countActivities(metrics: Metrics, queue: ServedQueue['kind']): ActivityWatcher {
  return {
    began: (activity, attempt, waitedSeconds) => {
      if (attempt > 1) metrics.count('diskferry_activity_retries_total', { activity });
      metrics.observe('diskferry_slot_wait_seconds', { queue }, waitedSeconds);
    },
    ended: (activity, outcome, seconds) => {
      metrics.count('diskferry_activities_total', { activity, outcome });
      metrics.observe('diskferry_activity_seconds', { activity }, seconds);
    },
  };
}
