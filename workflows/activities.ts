import { proxyActivities } from '@temporalio/workflow';
import type { ActivityOptions } from '@temporalio/workflow';
import type {
  AllActivities,
  ApplianceActivities,
  CopyActivities,
  FailoverActivities,
  FailoverCopyActivities,
  FailoverMainActivities,
  FailoverSiteActivities,
  MainActivities,
  SiteActivities,
} from '../activities/queues';
import { taskQueues } from '../domain/names';

/**
 * The activities of one VM's run, each on the task queue where it must happen. No schedule-to-start time-outs: a queue that
 * nobody polls is shown as the reason of the wait.
 *
 * Server-side retries serve *unavailable* and *outcome unknown* only, without limit; *failed* is thrown as non-retryable and
 * counted by the ledger. WAIT_CANCELLATION_COMPLETED, because by default a cancelled workflow goes on while its activity still
 * acts (the SDK's documentation says otherwise), and undo would race with it.
 */
const common = {
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  retry: { initialInterval: '500ms', backoffCoefficient: 1.5, maximumInterval: '10s' },
} as const satisfies ActivityOptions;

/** How long a worker may be silent before its activity is given to another. */
const HEARTBEAT = '15s';

export type RunActivities = AllActivities & FailoverActivities;

/** Proxies for all activities of a run at one site with one appliance. */
export function activitiesOf(site: string, applianceId: string): RunActivities {
  return {
    ...pick(
      proxyActivities<MainActivities & FailoverMainActivities>({
        ...common,
        taskQueue: taskQueues.main,
        startToCloseTimeout: '30s',
      }),
      [
        'claimVm',
        'endClaim',
        'recordPhase',
        'mapDevice',
        'unmapDevice',
        'listReplicas',
        'claimFailover',
        'enterLease',
        'recordFailover',
        'planFailover',
        'mapToVm',
        'unmapFromVm',
        'commitFailover',
        'commitFailback',
        'commitRevert',
      ],
    ),
    ...pick(
      proxyActivities<SiteActivities & FailoverSiteActivities>({
        ...common,
        taskQueue: taskQueues.site(site),
        startToCloseTimeout: '12h',
        heartbeatTimeout: HEARTBEAT,
      }),
      [
        'preflightSite',
        'createVolume',
        'deleteVolume',
        'attachVolume',
        'detachVolume',
        'beginCopy',
        'preflightFailover',
        'openPoint',
        'snapshotVolume',
        'deleteSnapshot',
        'completePoint',
        'prunePoints',
        'restoreVolume',
        'deleteRestoredVolume',
        'deployVm',
        'removeVm',
        'clearRoot',
        'attachToVm',
        'detachFromVm',
        'startVm',
        'stopVm',
        'checkHealth',
        // Hooks are commands of the site's configuration, which only the workers of its queue have.
        'quiesceSource',
        'resumeSource',
        'runHook',
      ],
    ),
    ...pick(
      proxyActivities<ApplianceActivities>({
        ...common,
        taskQueue: taskQueues.appliance(applianceId),
        startToCloseTimeout: '1h',
        heartbeatTimeout: HEARTBEAT,
      }),
      ['preflightAppliance', 'resolveDevice', 'confirmDeviceGone', 'openExport', 'closeExport'],
    ),
    ...pick(
      proxyActivities<CopyActivities & FailoverCopyActivities>({
        ...common,
        taskQueue: taskQueues.applianceCopy(applianceId),
        startToCloseTimeout: '90 days',
        heartbeatTimeout: HEARTBEAT,
      }),
      ['copyDisk', 'verifyDisk', 'prepareGuest'],
    ),
  };
}

/** proxyActivities answers any name, so spreading one copies nothing: the names are listed, and checked by their type. */
function pick<T extends object, K extends keyof T>(proxy: T, names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.map((name) => [name, proxy[name]])) as Pick<T, K>;
}
