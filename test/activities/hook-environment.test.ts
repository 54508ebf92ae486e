import { expect, test } from '@jest/globals';
import { hookEnvironment } from '../../activities/hook-environment';

const appliance = '1c266316-503d-451d-9392-9585a6fcba41';
const vm = {
  site: 'qc',
  sourceId: 'vcenter-qc',
  sourceVmId: '420570c7-f61f-a930-77c5-1e876786cb3c',
  vmName: 'pg\ntest1\u0000',
  applianceId: appliance,
  firstRunId: 'run-1',
};
const disk = (diskKey: number, boot: boolean, volumeId: string) => ({
  diskKey,
  boot,
  volumeId,
  volumeBytes: 1024,
  device: {
    deviceNode: `/dev/disk/by-id/virtio-${volumeId.replaceAll('-', '').slice(0, 20)}`,
    kernelNode: '/dev/vdb',
    serial: 's',
    sizeBytes: 1024,
    bootId: 'b',
    instance: '7',
    simulated: false,
  },
});

test('a guest step is told who, what for, and which disks, the boot disk by name', () => {
  const root = '7f0c0d4e-8a53-4c35-9d56-5d2b8f0f3c11';
  const data = '8f0c0d4e-8a53-4c35-9d56-5d2b8f0f3c12';
  const environment = hookEnvironment(vm, {
    hook: 'virtio',
    purpose: 'guest',
    kind: 'live',
    workflowId: 'fail-over-vm/x',
    disks: [disk(2001, true, root), disk(2000, false, data)],
  });
  expect(environment).toEqual({
    DISKFERRY_HOOK: 'virtio',
    DISKFERRY_PURPOSE: 'guest',
    DISKFERRY_FAILOVER_KIND: 'live',
    DISKFERRY_SITE: 'qc',
    DISKFERRY_SOURCE_ID: 'vcenter-qc',
    DISKFERRY_SOURCE_VM_ID: vm.sourceVmId,
    DISKFERRY_SOURCE_VM_NAME: 'pg test1 ',
    DISKFERRY_APPLIANCE_ID: appliance,
    DISKFERRY_WORKFLOW_ID: 'fail-over-vm/x',
    DISKFERRY_RUN_ID: 'run-1',
    DISKFERRY_DISK_COUNT: '2',
    DISKFERRY_BOOT_DEVICE: '/dev/disk/by-id/virtio-7f0c0d4e8a534c359d56',
    DISKFERRY_DISK_0_KEY: '2001',
    DISKFERRY_DISK_0_BOOT: 'true',
    DISKFERRY_DISK_0_VOLUME_ID: root,
    DISKFERRY_DISK_0_BYTES: '1024',
    DISKFERRY_DISK_0_DEVICE: '/dev/disk/by-id/virtio-7f0c0d4e8a534c359d56',
    DISKFERRY_DISK_0_DEVICE_PATH: `remote-vm-${appliance}-${root}`,
    DISKFERRY_DISK_1_KEY: '2000',
    DISKFERRY_DISK_1_BOOT: 'false',
    DISKFERRY_DISK_1_VOLUME_ID: data,
    DISKFERRY_DISK_1_BYTES: '1024',
    DISKFERRY_DISK_1_DEVICE: '/dev/disk/by-id/virtio-8f0c0d4e8a534c359d56',
    DISKFERRY_DISK_1_DEVICE_PATH: `remote-vm-${appliance}-${data}`,
  });
});

test('what is not known has no variable', () => {
  expect(Object.keys(hookEnvironment(vm, { hook: 'h', purpose: 'health', workflowId: 'w' }))).not.toContain(
    'DISKFERRY_FAILOVER_VM_ID',
  );
  expect(
    hookEnvironment(vm, { hook: 'h', purpose: 'health', workflowId: 'w', failoverVmId: 'v', failoverVmName: 'n' }),
  ).toMatchObject({ DISKFERRY_FAILOVER_VM_ID: 'v', DISKFERRY_FAILOVER_VM_NAME: 'n' });
});
