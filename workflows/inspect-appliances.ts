import type { Inspection } from '../domain/doctor-io';
import { inspectorOf } from './doctor-activities';
import { failureOf } from './failure-of';
import { type InspectAppliancesInput, inspectAppliancesInputSchema } from './inputs';
import { parsedInput } from './parsed-input';

/**
 * Has the workers of appliances look what is there, for doctor: side by side, each within a time limit, since an appliance that does
 * not answer is something to report, and nothing to wait for. Changes nothing.
 */
export async function inspectAppliances(input: InspectAppliancesInput): Promise<Inspection[]> {
  const { site, applianceIds } = parsedInput(inspectAppliancesInputSchema, input);
  return await Promise.all(applianceIds.map((applianceId) => inspect(site, applianceId)));
}

async function inspect(site: string, applianceId: string): Promise<Inspection> {
  try {
    return { applianceId, sight: await inspectorOf(applianceId).inspectAppliance({ site, applianceId }) };
  } catch (error) {
    return { applianceId, cause: failureOf(error, 'inspectAppliance').message };
  }
}
