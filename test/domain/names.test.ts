import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  byIdLinkNames,
  exportName,
  releaseWorkflowId,
  replicationWorkflowId,
  taskQueues,
  volumeName,
  volumeOfExportName,
  volumeSerial,
} from '../../domain/names';

const VOLUME = 'b3bb9310-1b59-4f62-97e8-cefffdfe3804';

describe('names', () => {
  test('of an export tell the volume, and are read back', () => {
    expect(exportName(VOLUME)).toBe(`migration-vol-${VOLUME}`);
    fc.assert(
      fc.property(fc.uuid(), (volumeId) => {
        expect(volumeOfExportName(exportName(volumeId))).toBe(volumeId);
      }),
    );
    for (const foreign of ['migration', 'migration-vm-x-disk0', `migration-vol-${VOLUME}x`, '.staging']) {
      expect(volumeOfExportName(foreign)).toBeUndefined();
    }
  });

  test('the serial is the first 20 hex digits of the uuid, as CloudStack’s KVM agent makes it', () => {
    expect(volumeSerial('ec8cf417-a7d9-4ff4-bfab-4e5a68dca499')).toBe('ec8cf417a7d94ff4bfab');
    expect(byIdLinkNames(VOLUME)).toEqual([
      'virtio-b3bb93101b594f6297e8',
      'scsi-0QEMU_QEMU_HARDDISK_b3bb93101b594f6297e8',
      'scsi-b3bb93101b594f6297e8',
    ]);
  });

  test('a volume’s name carries VM, key and operation, and nothing that CloudStack would choke on', () => {
    expect(volumeName('pgtest1', 2001, 'eb5032e1-8461-49ea-8756-3e4fa4000399')).toBe('diskferry-pgtest1-2001-eb5032e1');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(), fc.uuid(), (vm, key, operation) => {
        expect(volumeName(vm, key, operation)).toMatch(/^diskferry-[A-Za-z0-9._-]{0,60}-\d+-[0-9a-f]{8}$/);
      }),
    );
  });

  test('workflow ids keep sites, sources and VMs apart', () => {
    const vm = { site: 'qc', sourceId: 'vcenter-qc', sourceVmId: '420570c7-f61f-a930-77c5-1e876786cb3c' };
    expect(replicationWorkflowId(vm)).toBe('replicate-vm/qc/vcenter-qc/420570c7-f61f-a930-77c5-1e876786cb3c');
    expect(releaseWorkflowId(vm)).not.toBe(replicationWorkflowId(vm));
  });

  test('long copies have a task queue of their own', () => {
    expect(taskQueues.appliance('a')).toBe('diskferry-appliance-a');
    expect(taskQueues.applianceCopy('a')).toBe('diskferry-appliance-a-copy');
    expect(taskQueues.site('qc')).toBe('diskferry-site-qc');
  });
});
