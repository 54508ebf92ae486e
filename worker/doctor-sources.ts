import { type DoctorSources, readTruths } from '../doctor/read-truths';
import type { Truths } from '../doctor/truths';
import { failure } from '../domain/failures';
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
      otherApplianceIds: others.flatMap(({ appliances }) => [...appliances.keys()]),
    },
    endpoint: site.endpoint,
    openSite: () => openSite(configuration, site),
  };
}

/** Reads the truths of a site by its name. Throws `site-unknown` for one that the configuration does not have (any more). */
export function readTruthsOf(
  configuration: WorkerConfiguration,
  shared: Pick<DoctorSources, 'database' | 'temporal'>,
): (site: string) => Promise<Truths> {
  return async (name) => {
    const site = configuration.sites.get(name);
    if (site === undefined) {
      throw failure('site-unknown', { site: name, configured: [...configuration.sites.keys()].join(', ') });
    }
    return await readTruths(doctorSources(configuration, site, shared));
  };
}
