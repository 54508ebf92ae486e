import { describe, expect, test } from '@jest/globals';
import { demoApplianceId } from '../../stack/local-stack';
import { standing } from '../prove/failover/judge';
import type { Look } from '../prove/failover/look';
import {
  backOnTheAppliance,
  differences,
  onTheFailoverVm,
  replaced,
  touchedByTheGuestStep,
} from '../prove/failover/standing';
import { nothing } from '../support/take-census';

const VM = '11111111-1111-4111-8111-111111111111';
type Disk = Look['disks'][number];
const volume = (key: number, where: string | null, deviceId: number | null) => ({
  id: `volume-${String(key)}`,
  name: `diskferry-vm-${String(key)}-00000000`,
  type: 'DATADISK',
  state: 'Ready',
  virtualMachineId: where,
  deviceId,
  deleteProtection: true,
  tags: { 'diskferry-data': 'begun' },
  pendingJob: null,
});
const disk = (key: number, changes: Partial<Disk> = {}): Disk => ({
  key,
  volumeId: `volume-${String(key)}`,
  volume: volume(key, demoApplianceId, 1),
  pluggedInto: [demoApplianceId],
  mapped: [`replica on ${demoApplianceId}`],
  verifiedHash: 'hash',
  generation: 3,
  digest: 'bytes',
  ...changes,
});
const home: Look = {
  disks: [disk(2000), disk(2001)],
  machines: [],
  live: undefined,
  others: [],
  completePoints: ['point'],
  removing: [],
  strays: [],
  claims: [],
  doubles: [],
  census: { ...nothing, rows: ['slots: 2000', 'slots: 2001', 'mappings: x'] },
  sourceIsQuiesced: false,
};
const moved = (key: number, deviceId: number, role: string): Disk =>
  disk(key, {
    volume: volume(key, VM, deviceId),
    pluggedInto: [VM],
    mapped: [`${role} on ${VM}`],
    verifiedHash: undefined,
    generation: 4,
  });
const machine = { id: VM, name: 'f', state: 'Running', boot: { up: true, reason: '' }, plugged: [], devices: [] };
const there: Look = {
  ...home,
  disks: [moved(2000, 0, 'live_root'), moved(2001, 1, 'live_data')],
  machines: [machine],
  live: { failoverVmId: VM },
};
const withDisk = (look: Look, changes: Partial<Disk>): Look => ({
  ...look,
  disks: [look.disks[0] ?? disk(2000), { ...(look.disks[1] ?? disk(2001)), ...changes }],
});
const former = standing(home, home);
const toForm = (look: Look): string[] => differences(former, standing(look, home));
const toNew = (look: Look): string[] => differences(onTheFailoverVm(former, 'Running, up'), standing(look, home));

describe('the judge of whole failovers', () => {
  test('knows the former state, the new one, the way back and a revert', () => {
    expect(toForm(home)).toEqual([]);
    expect(toNew(there)).toEqual([]);
    const returned = { ...home, disks: home.disks.map((one) => ({ ...one, verifiedHash: undefined })) };
    expect(differences(backOnTheAppliance(former), standing(returned, home))).toEqual([]);
    const swapped: Look = {
      ...home,
      disks: home.disks.map((one) => ({ ...one, volumeId: `new-${String(one.key)}`, generation: 0 })),
      others: [2000, 2001].map((key) => ({ volume: volume(key, null, null), keptKey: key })),
    };
    expect(differences(replaced(former), standing(swapped, home))).toEqual([]);
    const prepared = home.disks.map((one) => ({ ...one, verifiedHash: undefined, generation: 4 }));
    expect(differences(touchedByTheGuestStep(former), standing({ ...home, disks: prepared }, home))).toEqual([]);
    // Neither is the other.
    expect(toForm(there)).not.toEqual([]);
    expect(toNew(home)).not.toEqual([]);
  });

  test.each<[string, Look, string]>([
    ['a disk attached to nothing', withDisk(home, { volume: volume(2001, null, null) }), 'disk 2001 attached'],
    ['a volume that is gone', withDisk(home, { volume: undefined }), 'disk 2001 attached'],
    ['a ghost', withDisk(home, { pluggedInto: [demoApplianceId, VM] }), 'disk 2001 plugged'],
    ['no mapping', withDisk(home, { mapped: [] }), 'disk 2001 mapped'],
    [
      'a mapping under another path',
      withDisk(home, { mapped: [`replica on ${demoApplianceId}`, 'under x'] }),
      'mapped',
    ],
    ['no longer verified', withDisk(home, { verifiedHash: undefined }), 'disk 2001 verified'],
    ['verified as something else', withDisk(home, { verifiedHash: 'another' }), 'disk 2001 verified'],
    ['a raised generation', withDisk(home, { generation: 4 }), 'disk 2001 raised'],
    ['other bytes', withDisk(home, { digest: 'others' }), 'disk 2001 bytes'],
    ['another volume', withDisk(home, { volumeId: 'another' }), 'disk 2001 volume'],
    [
      'no delete protection',
      withDisk(home, { volume: { ...volume(2001, demoApplianceId, 1), deleteProtection: false } }),
      'protection',
    ],
    ['a disk less', { ...home, disks: [disk(2000)] }, 'disks'],
    ['a VM that stayed', { ...home, machines: [machine] }, 'failoverVm'],
    ['counted as failed over', { ...home, live: { failoverVmId: VM } }, 'failedOver'],
    ['a stray volume', { ...home, others: [{ volume: volume(9, null, null), keptKey: undefined }] }, 'leftovers'],
    ['a stray snapshot', { ...home, strays: ['snapshot x'] }, 'leftovers'],
    ['two new points', { ...home, completePoints: ['point', 'a', 'b'] }, 'leftovers'],
    ['a point that stayed', { ...home, removing: ['live point x'] }, 'leftToTheNextRun'],
    ['a claim', { ...home, claims: ['fail-over-vm/x'] }, 'leftovers'],
    ['a double path', { ...home, doubles: ['remote-vm-x'] }, 'leftovers'],
    ['a pending job', { ...home, census: { ...home.census, pendingJobs: ['AttachVolumeCmd'] } }, 'leftovers'],
    [
      'an unfinished row',
      { ...home, census: { ...home.census, rows: [...home.census.rows, 'unfinished operations: attach'] } },
      'leftovers',
    ],
    ['a lost slot', { ...home, census: { ...home.census, rows: ['slots: 2000'] } }, 'leftovers'],
    ['an export', { ...home, census: { ...home.census, exports: ['migration-vol-x'] } }, 'leftovers'],
    ['a lock', { ...home, census: { ...home.census, locks: ['x'] } }, 'leftovers'],
    ['a source that was not resumed', { ...home, sourceIsQuiesced: true }, 'source'],
    ['a process', { ...home, census: { ...home.census, processes: ['nbdcopy'] } }, 'leftovers'],
  ])('sees %s where the former state should be', (_what, look, named) => {
    expect(toForm(look).join('\n')).toContain(named);
  });

  test.each<[string, Look, string]>([
    ['half of the disks moved', withDisk(there, disk(2001)), 'disk 2001 attached'],
    ['data disk as root', { ...there, disks: [moved(2000, 1, 'live_root'), moved(2001, 0, 'live_data')] }, 'attached'],
    ['a role that is not its own', withDisk(there, { mapped: [`live_root on ${VM}`] }), 'disk 2001 mapped'],
    ['still plugged into the appliance', withDisk(there, { pluggedInto: [demoApplianceId, VM] }), 'disk 2001 plugged'],
    ['still verified', withDisk(there, { verifiedHash: 'hash' }), 'disk 2001 verified'],
    ['the generation as it was', withDisk(there, { generation: 3 }), 'disk 2001 raised'],
    [
      'a VM that is stopped',
      { ...there, machines: [{ ...machine, state: 'Stopped', boot: { up: false, reason: '' } }] },
      'failoverVm',
    ],
    ['a VM that is not up', { ...there, machines: [{ ...machine, boot: { up: false, reason: '' } }] }, 'failoverVm'],
    ['not counted as failed over', { ...there, live: undefined }, 'failedOver'],
    ['two VMs', { ...there, machines: [machine, { ...machine, id: 'other' }] }, 'leftovers'],
  ])('sees %s where the new state should be', (_what, look, named) => {
    expect(toNew(look).join('\n')).toContain(named);
  });
});
