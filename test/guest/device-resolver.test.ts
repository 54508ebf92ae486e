import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { byIdLinkNames, volumeSerial } from '../../domain/names';
import { GIB } from '../../domain/sizes';
import { guestProblem } from './support/guest-machine';
import { SideBySide, type BothSaid } from './support/side-by-side';

// The device resolver runs inside a Linux guest, over the real /dev, /sys and /proc, and beside it over the folders with which the
// simulator stands in for a guest (reference/cloudstack-api.md §3, end of §7). What it makes of the two must be the same.

const problem = guestProblem();
if (problem !== undefined) {
  process.stderr.write(`\nSKIPPED: everything against a real kernel; this machine boots no guest: ${problem}\n\n`);
}
const describeGuest = problem === undefined ? describe : describe.skip;

let both: SideBySide;

/** Both sides said the same, and this. */
function expectBoth(said: BothSaid, expected: object): void {
  expect(said.simulated).toEqual(said.real);
  expect(said.real).toMatchObject(expected);
}

const refused = (kind: string, evidence: RegExp): object => ({
  refused: { kind, evidence: expect.stringMatching(evidence) },
});

describeGuest('a disk of a real kernel and one of the simulator', () => {
  beforeAll(async () => {
    both = await SideBySide.start();
    process.stderr.write(
      `guest: Linux ${both.guest.greeting.kernel}, node answers ${String(both.guest.greeting.uptimeSeconds)} s after its start\n`,
    );
  }, 180_000);
  afterEach(async () => {
    await both.unplugAll();
  });
  afterAll(async () => {
    await both.stop();
  });

  describe.each(['virtio', 'virtio-scsi'] as const)('on %s', (bus) => {
    test('show the same files with the same content, under the same link', async () => {
      const { volumeId, shown } = await both.plug(bus, 1);
      const simulated = both.simulatedDisk(volumeId);
      const { dev, diskseq, ...files } = shown.files;
      const { diskseq: simulatedSequence, ...simulatedFiles } = simulated.files;
      // A file that stands for a disk has no device number; both count their disks, each from a begin of its own.
      expect(text(dev)).toMatch(/^\d+:\d+\n$/);
      for (const sequence of [diskseq, simulatedSequence]) expect(text(sequence)).toMatch(/^\d+\n$/);
      expect(simulatedFiles).toEqual(files);
      expect(simulated.links).toEqual(shown.links);
      expect(byIdLinkNames(volumeId)).toEqual(expect.arrayContaining([...shown.links]));
    });

    test('are proven alike; too small a disk is refused alike', async () => {
      const { volumeId } = await both.plug(bus, 1);
      const serial = volumeSerial(volumeId);
      expectBoth(await both.prove(volumeId), { value: { serial, sizeBytes: GIB } });
      expectBoth(
        await both.prove(volumeId, GIB + 1),
        refused('wrong', /holds 1073741824 bytes, 1073741825 are asked for/),
      );
    });

    test('are told apart by serial when they come and go in changing order', async () => {
      const first = await both.plug(bus, 3);
      const second = await both.plug(bus, 1);
      const third = await both.plug(bus, 2);
      await both.unplug(first.volumeId);
      const fourth = await both.plug(bus, 4);
      // The name that became free is given again: it says nothing about the volume.
      expect(fourth.shown.kernelName).toBe(first.shown.kernelName);
      for (const { volumeId } of [second, third, fourth]) {
        expectBoth(await both.prove(volumeId), { value: { serial: volumeSerial(volumeId) } });
      }
    });

    test('are gone once unplugged: no folder, no link, and what was proven before is refused', async () => {
      const { volumeId, shown } = await both.plug(bus, 1);
      const proofs = await both.proofs(volumeId);
      expect(await both.gone(volumeId, bus)).toEqual({ real: false, simulated: false });
      await both.unplug(volumeId);
      expect((await both.guest.disks()).map(({ kernelName }) => kernelName)).not.toContain(shown.kernelName);
      expect(await both.gone(volumeId, bus)).toEqual({ real: true, simulated: true });
      expectBoth(await both.prove(volumeId, GIB, bus), refused('missing', /none of virtio-.* leads to a device/));
      expectBoth(await both.reprove(volumeId, proofs, bus), refused('wrong', /was proven before and is gone/));
    });

    test('are another instance once they were unplugged and plugged again', async () => {
      const { volumeId } = await both.plug(bus, 1);
      const proofs = await both.proofs(volumeId);
      expectBoth(await both.reprove(volumeId, proofs), { value: {} });
      await both.unplug(volumeId);
      await both.plugAgain(volumeId, bus, 1);
      expectBoth(await both.reprove(volumeId, proofs), refused('wrong', /was proven with instance/));
    });

    test('without a serial have no link that names them; a link that leads there all the same is refused', async () => {
      const { volumeId, shown } = await both.plug(bus, 1, { withoutSerial: true });
      expect(shown.links).toEqual(bus === 'virtio' ? [] : ['scsi-0QEMU_QEMU_HARDDISK_drive-scsi0-0-0-1']);
      const missing = await both.guest.prove(volumeId, GIB);
      expect(missing).toMatchObject(refused('missing', /leads to a device/));
      await both.copyOddity(volumeId, shown);
      expectBoth(await both.prove(volumeId), refused('wrong', /has serial none, not/));
    });

    test.each([
      ['cut', (serial: string) => serial.slice(0, 12)],
      ['one character off', (serial: string) => `${serial.slice(0, 19)}${serial.endsWith('0') ? '1' : '0'}`],
    ])('with a serial that is %s are refused', async (_, change) => {
      const volumeId = await both.site.newVolume('odd');
      const serial = change(volumeSerial(volumeId));
      const shown = await both.plugAgain(volumeId, bus, 1, { serial });
      expect(await both.guest.prove(volumeId, GIB)).toMatchObject(refused('missing', /leads to a device/));
      await both.copyOddity(volumeId, shown);
      expectBoth(await both.prove(volumeId), refused('wrong', new RegExp(`has serial ${serial}, not`)));
    });

    test('whose link leads to the disk of another volume are refused', async () => {
      const one = await both.plug(bus, 1);
      const other = await both.plug(bus, 2);
      await both.mislead(one.volumeId, other.shown, other.volumeId);
      const evidence = new RegExp(`has serial ${volumeSerial(other.volumeId)}, not ${volumeSerial(one.volumeId)}`);
      expectBoth(await both.prove(one.volumeId), refused('wrong', evidence));
      expectBoth(await both.prove(other.volumeId), { value: { serial: volumeSerial(other.volumeId) } });
    });

    test('count 512-byte sectors whatever their own are', async () => {
      const { volumeId, shown } = await both.plug(bus, 1, { sectorBytes: 4096 });
      expect(text(shown.files['size'])).toBe(`${String(GIB / 512)}\n`);
      expectBoth(await both.prove(volumeId), { value: { sizeBytes: GIB } });
    });

    test('that are read-only are refused', async () => {
      const { volumeId, shown } = await both.plug(bus, 1, { readOnly: true });
      expect(text(shown.files['ro'])).toBe('1\n');
      await both.copyOddity(volumeId, shown);
      expectBoth(await both.prove(volumeId), refused('wrong', /is read-only/));
    });
  });

  test('that the guest has mounted or swaps on is in use', async () => {
    const { volumeId, shown } = await both.plug('virtio', 1);
    const node = `/dev/${shown.kernelName}`;
    await both.guest.run('mke2fs', node);
    await both.guest.run('mount', '-t', 'ext4', node, '/mnt');
    expect(await both.guest.prove(volumeId, GIB)).toMatchObject(refused('in-use', /is mounted: vd. on \/mnt/));
    await both.guest.run('umount', '/mnt');
    expect(await both.guest.prove(volumeId, GIB)).toMatchObject({ value: {} });
    await both.guest.run('mkswap', node);
    await both.guest.run('swapon', node);
    expect(await both.guest.prove(volumeId, GIB)).toMatchObject(refused('in-use', /open\(O_EXCL\) says EBUSY/));
    await both.guest.run('swapoff', node);
    expect(await both.guest.prove(volumeId, GIB)).toMatchObject({ value: {} });
  });

  test('have other names after a restart, are found by serial again, and no proof from before holds', async () => {
    const buses = ['virtio', 'virtio-scsi'] as const;
    const disks = [];
    for (const place of [3, 1, 2]) for (const bus of buses) disks.push(await both.plug(bus, place));
    const before = [];
    for (const { volumeId } of disks) before.push(await both.proofs(volumeId));
    await both.guest.restart();
    for (const bus of buses) {
      await both.site.admin.run('stopVirtualMachine', { id: both.machineId(bus) });
      await both.site.admin.run('startVirtualMachine', { id: both.machineId(bus) });
    }
    const names: string[] = [];
    for (const [index, { volumeId }] of disks.entries()) {
      expectBoth(await both.prove(volumeId), { value: { serial: volumeSerial(volumeId) } });
      const [then, now] = [before[index]?.real, (await both.proofs(volumeId)).real];
      if (then === undefined) throw new Error('not proven');
      names.push(now.kernelNode);
      expect(now.bootId).not.toBe(then.bootId);
      expect(await both.guest.reprove(volumeId, then)).toMatchObject(refused('wrong', /was proven with bootId/));
    }
    expect(names).not.toEqual(before.map(({ real }) => real.kernelNode));
  }, 180_000);
});

function text(base64: string | undefined): string {
  return Buffer.from(base64 ?? '', 'base64').toString('latin1');
}
