import type { Command } from '../call';
import { atLeast } from '../releases';

/** listCapabilities: release, size limits and what users may do. */
export const listCapabilities: Command = {
  name: 'listCapabilities',
  parameters: {},
  run({ world, caller }) {
    const { customSizeGib } = world.description;
    const { version, throttling, snapshotsOfAttachedVolumes, allowUserExpungeRecoverVolume } = world.modes;
    const admin = caller.role === 'admin';
    return {
      capability: {
        securitygroupsenabled: false,
        dynamicrolesenabled: true,
        cloudstackversion: version,
        userpublictemplateenabled: true,
        supportELB: 'false',
        projectinviterequired: false,
        allowusercreateprojects: true,
        customdiskofferingminsize: customSizeGib.min,
        customdiskofferingmaxsize: customSizeGib.max,
        regionsecondaryenabled: false,
        kvmsnapshotenabled: snapshotsOfAttachedVolumes ?? atLeast(version, '4.22'),
        snapshotshowchainsize: false,
        allowuserviewdestroyedvm: admin,
        allowuserexpungerecovervm: admin,
        allowuserexpungerecovervolume: allowUserExpungeRecoverVolume,
        allowuserviewalldomainaccounts: false,
        allowuserforcestopvm: true,
        kubernetesserviceenabled: true,
        kubernetesclusterexperimentalfeaturesenabled: false,
        customhypervisordisplayname: 'Custom',
        defaultuipagesize: 20,
        instancesstatsretentiontime: 720,
        instancesstatsuseronly: false,
        instancesdisksstatsretentionenabled: false,
        instancesdisksstatsretentiontime: 720,
        sharedfsvmmincpucount: 2,
        sharedfsvmminramsize: 1024,
        instanceleaseenabled: false,
        ...(throttling.enabled && { apilimitinterval: throttling.intervalSeconds, apilimitmax: throttling.max }),
        extensionspath: admin ? '/usr/share/cloudstack-management/extensions' : undefined,
        dynamicscalingenabled: false,
        additionalconfigenabled: false,
      },
    };
  },
};
