import { makeCopier } from './copier';
import { makeCopyLocks } from './copy-lock';
import { makeDeviceResolver, type DeviceResolverSettings } from './device-resolver';
import { makeExportLinks } from './export-links';
import { makeGuestSteps } from './guest-steps';
import { makeApplianceIdentity, type IdentitySettings } from './identity';
import type {
  ApplianceIdentity,
  ApplianceTools,
  Copier,
  CopyLock,
  DeviceResolver,
  ExportLinks,
  GuestSteps,
  Verifier,
} from './ports';
import { makeApplianceTools } from './tools';
import { makeVerifier } from './verifier';

/** Settings of one appliance, as its section of the worker's configuration names them. */
export interface ApplianceSettings extends DeviceResolverSettings, Pick<IdentitySettings, 'identity' | 'identityFile'> {
  /** CloudStack uuid of the appliance VM */
  readonly applianceId: string;
  readonly exportsDirectory: string;
}

/** Everything that must run where the devices are, for one appliance. */
export interface Appliance {
  readonly applianceId: string;
  readonly resolver: DeviceResolver;
  readonly links: ExportLinks;
  readonly copier: Copier;
  readonly verifier: Verifier;
  readonly lock: CopyLock;
  readonly guestSteps: GuestSteps;
  readonly identity: ApplianceIdentity;
  readonly tools: ApplianceTools;
}

export function makeAppliance(settings: ApplianceSettings): Appliance {
  const locks = makeCopyLocks(settings.exportsDirectory);
  const links = makeExportLinks(settings);
  return {
    applianceId: settings.applianceId,
    resolver: makeDeviceResolver(settings),
    links,
    copier: makeCopier({ locks, exports: links }),
    verifier: makeVerifier({ locks }),
    lock: locks,
    guestSteps: makeGuestSteps({ locks, exportsDirectory: settings.exportsDirectory }),
    identity: makeApplianceIdentity(settings),
    tools: makeApplianceTools(),
  };
}
