import { proxyActivities } from '@temporalio/workflow';
import type { DoctorApplianceActivities, DoctorMainActivities, DoctorSiteActivities } from '../activities/queues';
import { taskQueues } from '../domain/names';

const retry = { initialInterval: '500ms', backoffCoefficient: 1.5, maximumInterval: '10s' } as const;

/** What a repair asks and does beside the steps and undos of the other workflows. */
export function doctorActivitiesOf(site: string): DoctorMainActivities & Omit<DoctorSiteActivities, 'examineSite'> {
  const main = proxyActivities<DoctorMainActivities>({
    retry,
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    taskQueue: taskQueues.main,
    startToCloseTimeout: '30s',
  });
  const atSite = proxyActivities<DoctorSiteActivities>({
    retry,
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    taskQueue: taskQueues.site(site),
    startToCloseTimeout: '1h',
    heartbeatTimeout: '15s',
  });
  return {
    endRecord: (input) => main.endRecord(input),
    planRepair: (input) => atSite.planRepair(input),
    settleOperation: (input) => atSite.settleOperation(input),
    closeOlderOperation: (input) => atSite.closeOlderOperation(input),
    adoptVolume: (input) => atSite.adoptVolume(input),
  };
}

/** A look at one appliance, within a time limit: one that does not answer is something to report, and nothing to wait for. */
export function inspectorOf(applianceId: string): DoctorApplianceActivities {
  return proxyActivities<DoctorApplianceActivities>({
    taskQueue: taskQueues.appliance(applianceId),
    // Looking at some hundred disks takes well below a second.
    scheduleToCloseTimeout: '10s',
    retry: { maximumAttempts: 1 },
  });
}
