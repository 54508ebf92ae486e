import type { DoctorSources } from '../doctor/read-truths';
import type { SiteConfiguration, WorkerConfiguration } from './config';
import { openSite } from './site-access';

/** Whom doctor asks about a configured site: its CloudStack with the keys of this machine, and what all sites share. */
export function doctorSources(
  configuration: WorkerConfiguration,
  site: SiteConfiguration,
  shared: Pick<DoctorSources, 'database' | 'temporal'>,
): DoctorSources {
  const others = [...configuration.sites.values()].filter(({ name }) => name !== site.name);
  return {
    ...shared,
    site: {
      name: site.name,
      applianceIds: [...site.appliances.keys()],
      recoveryPoints: site.recoveryPoints,
      otherSites: others.map(({ name }) => name),
      otherApplianceIds: others.flatMap(({ appliances }) => [...appliances.keys()]),
    },
    endpoint: site.endpoint,
    openSite: () => openSite(configuration, site),
  };
}
