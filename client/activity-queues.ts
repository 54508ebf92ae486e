import { failoverSteps, failoverUndos } from '../domain/failover-steps';
import { taskQueues } from '../domain/names';
import { steps, undos, type QueueKind } from '../domain/steps';

/** Task queue kinds of the activities that are neither step nor undo. */
const others: Readonly<Record<string, QueueKind>> = {
  preflightSite: 'site',
  preflightAppliance: 'appliance',
  preflightFailover: 'site',
  openPoint: 'site',
  prunePoints: 'site',
  checkHealth: 'site',
  runHook: 'site',
};

/** The task queue on which an activity of a run is scheduled; `describe` does not say it. */
export function queueOfActivity(activity: string, site: string, applianceId: string): string {
  const rows: Readonly<Record<string, { readonly queue: QueueKind } | undefined>> = {
    ...steps,
    ...undos,
    ...failoverSteps,
    ...failoverUndos,
  };
  switch (rows[activity]?.queue ?? others[activity] ?? 'main') {
    case 'main':
      return taskQueues.main;
    case 'site':
      return taskQueues.site(site);
    case 'appliance':
      return taskQueues.appliance(applianceId);
    case 'appliance-copy':
      return taskQueues.applianceCopy(applianceId);
  }
}
