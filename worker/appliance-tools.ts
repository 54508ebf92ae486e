import { makeCopier } from '../appliance/copier';
import { makeCopyLocks } from '../appliance/copy-lock';
import { makeDeviceResolver } from '../appliance/device-resolver';
import { makeExportLinks } from '../appliance/export-links';
import { makeApplianceIdentity } from '../appliance/identity';
import { applianceTools } from '../appliance/tools';
import { makeVerifier } from '../appliance/verifier';
import type { ApplianceConfiguration, SiteConfiguration } from './config';

/** What must run where the devices are, made from one appliance's configuration. */
export function makeApplianceTools({
  site,
  appliance,
}: {
  readonly site: Pick<SiteConfiguration, 'settleTimeMs' | 'newVolumesAreZero'>;
  readonly appliance: ApplianceConfiguration;
}) {
  const links = makeExportLinks(appliance);
  const locks = makeCopyLocks(appliance.exportsDirectory);
  return {
    resolver: makeDeviceResolver(appliance),
    links,
    lock: locks,
    copier: makeCopier({ locks, exports: links }),
    verifier: makeVerifier({ locks }),
    identity: makeApplianceIdentity(appliance),
    tools: applianceTools,
    newVolumesAreZero: site.newVolumesAreZero,
    settings: {
      byIdDirectory: appliance.byIdDirectory,
      deviceWaitMs: appliance.deviceWaitMs,
      settleTimeMs: site.settleTimeMs,
    },
  };
}
