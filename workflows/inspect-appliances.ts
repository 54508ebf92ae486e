import { proxyActivities } from '@temporalio/workflow';
import type { DoctorApplianceActivities } from '../activities/queues';
import type { ApplianceSight } from '../domain/doctor-io';
import { taskQueues } from '../domain/names';
import { failureOf } from './failure-of';
import { type InspectAppliancesInput, inspectAppliancesInputSchema } from './inputs';
import { parsedInput } from './parsed-input';

/** What an appliance showed, or why it did not answer. */
export type Inspection =
  | { readonly applianceId: string; readonly sight: ApplianceSight }
  | { readonly applianceId: string; readonly cause: string };

/**
 * Has the workers of appliances look what is there, for doctor: side by side, each within a time limit, since an appliance that does
 * not answer is something to report, and nothing to wait for. Changes nothing.
 */
export async function inspectAppliances(input: InspectAppliancesInput): Promise<Inspection[]> {
  const { site, applianceIds } = parsedInput(inspectAppliancesInputSchema, input);
  return await Promise.all(applianceIds.map((applianceId) => inspect(site, applianceId)));
}

/** Looking at some hundred disks takes well below a second. */
const PATIENCE = '10s';

async function inspect(site: string, applianceId: string): Promise<Inspection> {
  const { inspectAppliance } = proxyActivities<DoctorApplianceActivities>({
    taskQueue: taskQueues.appliance(applianceId),
    scheduleToCloseTimeout: PATIENCE,
    retry: { maximumAttempts: 1 },
  });
  try {
    return { applianceId, sight: await inspectAppliance({ site, applianceId }) };
  } catch (error) {
    return { applianceId, cause: failureOf(error, 'inspectAppliance').message };
  }
}
