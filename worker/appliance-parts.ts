import { makeAppliance } from '../appliance/make-appliance';
import { lookAtAppliance } from '../appliance/sight';
import type { ApplianceConfiguration, SiteConfiguration } from './config';

/** What must run where the devices are, made from one appliance's configuration, as its activities take it. */
export function makeApplianceParts({
  site,
  appliance,
}: {
  readonly site: Pick<SiteConfiguration, 'settleTimeMs' | 'newVolumesAreZero'>;
  readonly appliance: ApplianceConfiguration;
}) {
  return {
    ...makeAppliance({ ...appliance, applianceId: appliance.id }),
    look: () => lookAtAppliance({ ...appliance, applianceId: appliance.id }),
    newVolumesAreZero: site.newVolumesAreZero,
    settings: {
      byIdDirectory: appliance.byIdDirectory,
      deviceWaitMs: appliance.deviceWaitMs,
      settleTimeMs: site.settleTimeMs,
    },
  };
}
