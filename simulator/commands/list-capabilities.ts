import type { Command } from '../call';

/** listCapabilities: release, size limits and what users may do. */
export const listCapabilities: Command = {
  name: 'listCapabilities',
  parameters: {},
  run({ world, caller }) {
    const { version, customSizeGib } = world.description;
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
        kvmsnapshotenabled: true,
        snapshotshowchainsize: false,
        allowuserviewdestroyedvm: admin,
        allowuserexpungerecovervm: admin,
        allowuserexpungerecovervolume: true,
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
        extensionspath: admin ? '/usr/share/cloudstack-management/extensions' : undefined,
        dynamicscalingenabled: false,
        additionalconfigenabled: false,
      },
    };
  },
};
