import type { WorldFile } from '../world-file';

/** The world of the demo and of most tests: KVM, which allows 32 data disks, and the appliance with the known id. */
export const demoWorld: WorldFile = {
  name: 'demo',
  zone: { name: 'QC' },
  template: { name: 'debian-12' },
  diskOfferings: [
    { name: 'replica-custom', displayText: 'replicas, custom size' },
    { name: 'fixed-5', displayText: 'fixed 5 GiB', sizeGib: 5 },
  ],
  serviceOfferings: [
    { name: 'appliance-2c4g', displayText: 'appliance', cpus: 2, memoryMib: 4096 },
    { name: 'custom-vm', displayText: 'custom size VM', customized: true },
  ],
  networks: [
    { name: 'l2-user', account: 'repluser', vlan: 163 },
    { name: 'l2-admin', account: 'admin', vlan: 168 },
  ],
  accounts: [
    { name: 'admin', role: 'admin' },
    { name: 'repluser', role: 'user' },
  ],
  machines: [
    {
      id: '1c266316-503d-451d-9392-9585a6fcba41',
      name: 'appliance-qc',
      account: 'admin',
      nics: [{ macAddress: '02:01:00:cc:00:01', network: 'l2-admin' }],
    },
    {
      id: '7d0f4a52-6c1e-4f0b-8a55-2b1f3c9e6d42',
      name: 'appliance-qc-2',
      account: 'admin',
      bus: 'virtio-scsi',
      nics: [{ macAddress: '02:01:00:cc:00:02', network: 'l2-admin' }],
    },
    {
      id: 'b94e5a0c-2f3d-4d6e-9a7b-5c8d1e0f2a43',
      name: 'appliance-user',
      account: 'repluser',
      nics: [{ macAddress: '02:01:00:cd:00:01', network: 'l2-user' }],
    },
  ],
  dataDiskLimits: { KVM: 32 },
  timings: {
    createMs: 50,
    queueMs: 20,
    attachMs: 300,
    detachMs: 300,
    deleteMs: 20,
    powerMs: 300,
    linkDelayMs: [20, 250],
    jobExpireMs: 86_400_000,
  },
};
