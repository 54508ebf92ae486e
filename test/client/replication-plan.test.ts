import { expect, test } from '@jest/globals';
import { planFor, planLines } from '../../client/replication-plan';
import { replicationRequestSchema } from '../../domain/request';
import { GIB } from '../../domain/sizes';

const APPLIANCE = '1c266316-503d-451d-9392-9585a6fcba41';
const VOLUME = '3106013a-e175-423e-a090-7f0c0d4e8a53';

const request = replicationRequestSchema.parse({
  schemaVersion: 1,
  site: 'qc',
  source: { id: 'vcenter-qc', vm: '420570c7-f61f-a930-77c5-1e876786cb3c', name: 'pgtest1' },
  appliance: APPLIANCE,
  overwrite: true,
  disks: [2000, 2001].map((key) => ({
    key,
    boot: key === 2000,
    sizeBytes: GIB,
    source: { kind: 'nbd', uri: `nbd://127.0.0.1/d${String(key)}` },
  })),
});

test('a volume that is there is shown with its own size, and that it is written over; a new one with that of its disk', () => {
  const plan = planFor(request, {
    site: {
      cloudStackVersion: '4.22.1.0',
      zoneId: APPLIANCE,
      zoneName: 'zone-1',
      diskOfferingId: APPLIANCE,
      diskOfferingName: 'custom',
      applianceName: 'appliance-qc',
      freeSlots: 3,
      slotLimit: 14,
      mayChooseVolumeIds: true,
      applianceMacAddresses: [],
      existingVolumes: [{ diskKey: 2001, volumeId: VOLUME, volumeBytes: 10 * GIB }],
    },
    appliance: { identity: 'dmi', bootId: 'b', sources: [{ diskKey: 2001, sizeBytes: GIB }] },
  });
  const lines = planLines(plan);
  expect(lines).toContain('Disk 2000 (boot): new volume diskferry-pgtest1-2000-…, 1 GiB');
  expect(lines).toContain(`Disk 2001: volume ${VOLUME} again, 10 GiB`);
  expect(lines).toContain('Slots: 1 needed, 3 of 14 free');
  expect(lines).toContain('Writes over 1 volume that holds data: not to be failed over while the run is at work.');
});
