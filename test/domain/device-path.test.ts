import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { devicePath, parseDevicePath } from '../../domain/device-path';

const APPLIANCE = '1c266316-503d-451d-9392-9585a6fcba41';
const uuid = fc.uuid();

describe('device path', () => {
  test('has the form of the job sheet', () => {
    expect(devicePath(APPLIANCE, 'b3bb9310-1b59-4f62-97e8-cefffdfe3804')).toBe(
      'remote-vm-1c266316-503d-451d-9392-9585a6fcba41-b3bb9310-1b59-4f62-97e8-cefffdfe3804',
    );
  });

  test('is another one for every other volume of the same VM: the bug of VD-2025-0928-001', () => {
    fc.assert(
      fc.property(uuid, fc.uniqueArray(uuid, { minLength: 2, maxLength: 20 }), (vm, volumes) => {
        expect(new Set(volumes.map((volume) => devicePath(vm, volume))).size).toBe(volumes.length);
      }),
    );
  });

  test('is read back as what it was made of', () => {
    fc.assert(
      fc.property(uuid, uuid, (vmId, volumeId) => {
        expect(parseDevicePath(devicePath(vmId, volumeId))).toEqual({ form: 'current', vmId, volumeId });
      }),
    );
  });

  test.each([
    [`remote-vm-${APPLIANCE}`, { form: 'vm-only', vmId: APPLIANCE }],
    [`remote-vm-root-${APPLIANCE}`, { form: 'vm-root', vmId: APPLIANCE }],
    ['/dev/vdc', { form: 'device-node', deviceNode: '/dev/vdc' }],
    [
      '/dev/disk/by-id/virtio-b3bb93101b594f6297e8',
      { form: 'device-node', deviceNode: '/dev/disk/by-id/virtio-b3bb93101b594f6297e8' },
    ],
    ['remote-vm-', { form: 'unknown', text: 'remote-vm-' }],
    ['', { form: 'unknown', text: '' }],
    [`remote-vm-${APPLIANCE}-2001`, { form: 'unknown', text: `remote-vm-${APPLIANCE}-2001` }],
  ])('the older system’s %s is recognised', (text, parsed) => {
    expect(parseDevicePath(text)).toEqual(parsed);
  });

  test.each(['', 'i-2-3-VM', APPLIANCE.toUpperCase(), `${APPLIANCE}-`])('is not made from %j', (id) => {
    expect(() => devicePath(id, APPLIANCE)).toThrow(RangeError);
    expect(() => devicePath(APPLIANCE, id)).toThrow(RangeError);
  });
});
