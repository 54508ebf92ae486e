import { type ApplianceSight, inspectApplianceInputSchema } from '../domain/doctor-io';
import { activity } from './activity';
import type { CurrentRun } from './activity-run';
import type { DoctorApplianceActivities } from './queues';

/** What inspectAppliance needs. */
export interface InspectionWork {
  readonly run: CurrentRun;
  /** Looks at the disks, links and exports of this appliance; changes nothing. */
  readonly look: () => Promise<ApplianceSight>;
}

/** inspectAppliance: what this appliance shows now, for doctor. Only looks, so it may run at any time, beside anything. */
export function makeInspectAppliance(work: InspectionWork): DoctorApplianceActivities['inspectAppliance'] {
  return activity('inspectAppliance', work.run, inspectApplianceInputSchema, (input) => input, work.look);
}
