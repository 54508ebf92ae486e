import type { WorldFile } from '../world-file';

/** The world in which the fixtures were recorded (their README): the simulator hypervisor, which allows six data disks. */
export const defaultWorld: WorldFile = {
  name: 'default',
  zone: { name: 'zone1' },
  template: { name: 'CentOS 5.6 (64-bit) no GUI (Simulator)', osName: 'CentOS 5.6 (64-bit)' },
  diskOfferings: [
    { name: 'Small', displayText: 'Small Disk, 5 GB', sizeGib: 5 },
    { name: 'Medium', displayText: 'Medium Disk, 20 GB', sizeGib: 20 },
    { name: 'Large', displayText: 'Large Disk, 100 GB', sizeGib: 100 },
    { name: 'Custom', displayText: 'Custom Disk' },
    { name: 'custom-disk', displayText: 'custom size' },
    { name: 'fixed-5', displayText: 'fixed 5 GiB', sizeGib: 5 },
  ],
  serviceOfferings: [
    { name: 'appliance-2c4g', displayText: 'appliance', cpus: 1, memoryMib: 512 },
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
      name: 'appliance-a',
      account: 'admin',
      hypervisor: 'Simulator',
      nics: [{ macAddress: '02:01:00:cc:00:01', network: 'l2-admin' }],
    },
    {
      name: 'appliance-b',
      account: 'admin',
      hypervisor: 'Simulator',
      nics: [{ macAddress: '02:01:00:cc:00:02', network: 'l2-admin' }],
    },
    {
      name: 'appliance-u',
      account: 'repluser',
      hypervisor: 'Simulator',
      nics: [{ macAddress: '02:01:00:cd:00:01', network: 'l2-user' }],
    },
  ],
  timings: {
    createMs: 50,
    queueMs: 150,
    attachMs: 150,
    detachMs: 150,
    deleteMs: 20,
    powerMs: 200,
    linkDelayMs: [20, 150],
    jobExpireMs: 86_400_000,
  },
};
