import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { byIdLinkNames, volumeSerial } from '../../domain/names';
import { GIB } from '../../domain/sizes';
import { formatDeviceNumber, mountPoints, readSerial } from '../../appliance/device-node';
import { makeDeviceResolver } from '../../appliance/device-resolver';
import { DeviceError } from '../../appliance/ports';
import { replaceInode, simulatedAppliance, type SimulatedAppliance } from './support/simulated-appliance';

let appliance: SimulatedAppliance;
beforeEach(async () => {
  appliance = await simulatedAppliance();
});
afterEach(() => appliance.remove());

const resolver = (simulated = true) => makeDeviceResolver({ ...appliance, simulated });

async function refusal(work: Promise<unknown>): Promise<DeviceError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof DeviceError)) throw new Error(`not refused: ${String(error)}`);
  return error;
}

describe('a simulated device', () => {
  test('is proven by serial, size and inode, twice alike', async () => {
    const { volumeId } = await appliance.plug('vdq', GIB);
    const proof = await resolver().prove(volumeId, GIB);
    expect(proof).toMatchObject({
      deviceNode: path.join(appliance.byIdDirectory, `virtio-${volumeSerial(volumeId)}`),
      kernelNode: expect.stringMatching(/\/dev\/vdq$/),
      serial: volumeSerial(volumeId),
      sizeBytes: GIB,
      simulated: true,
    });
    expect(await resolver().prove(volumeId, GIB)).toEqual(proof);
    await expect(resolver().reprove(volumeId, proof)).resolves.toBeUndefined();
  });

  test('that has no link yet is missing, and names what was looked for', async () => {
    const volumeId = randomUUID();
    const error = await refusal(resolver().prove(volumeId, 1));
    expect(error.kind).toBe('missing');
    for (const name of byIdLinkNames(volumeId)) expect(error.evidence).toContain(name);
  });

  test('whose link dangles is missing', async () => {
    const { volumeId, file } = await appliance.plug('vdq', GIB);
    await rm(file);
    expect((await refusal(resolver().prove(volumeId, 1))).kind).toBe('missing');
  });

  test.each([
    ['another serial', 'serial', 'f'.repeat(20), /has serial f{20}, not/],
    ['no serial', 'serial', '', /has serial none/],
    ['another size than its file', 'size', '2048', /leads to a file of 1073741824 bytes/],
    ['the read-only flag', 'ro', '1', /read-only/],
  ])('with %s is wrong', async (_, file, content, evidence) => {
    const { volumeId } = await appliance.plug('vdq', GIB);
    await writeFile(path.join(appliance.sysfsBlockDirectory, 'vdq', file), content);
    const error = await refusal(resolver().prove(volumeId, GIB));
    expect([error.kind, error.evidence]).toEqual(['wrong', expect.stringMatching(evidence)]);
  });

  test('smaller than asked for is wrong', async () => {
    const { volumeId } = await appliance.plug('vdq', GIB);
    expect((await refusal(resolver().prove(volumeId, GIB + 1))).kind).toBe('wrong');
  });

  test('that something holds is in use', async () => {
    const { volumeId } = await appliance.plug('vdq', GIB);
    await mkdir(path.join(appliance.sysfsBlockDirectory, 'vdq', 'holders', 'dm-0'), { recursive: true });
    const error = await refusal(resolver().prove(volumeId, GIB));
    expect([error.kind, error.evidence]).toEqual(['in-use', expect.stringContaining('dm-0')]);
  });

  test('is refused where the appliance is not a simulated one', async () => {
    const { volumeId } = await appliance.plug('vdq', GIB);
    const error = await refusal(resolver(false).prove(volumeId, GIB));
    expect([error.kind, error.evidence]).toEqual(['wrong', expect.stringContaining('not a simulated one')]);
  });

  test('whose two links lead to two devices is wrong', async () => {
    const { volumeId } = await appliance.plug('vdq', GIB);
    await appliance.plug('vdr', GIB);
    await symlink('../dev/vdr', path.join(appliance.byIdDirectory, byIdLinkNames(volumeId)[1] ?? ''));
    expect((await refusal(resolver().prove(volumeId, GIB))).kind).toBe('wrong');
  });

  test('is not what was proven once its inode is another one, or it is gone', async () => {
    const { volumeId, file } = await appliance.plug('vdq', GIB);
    const proof = await resolver().prove(volumeId, GIB);
    await replaceInode(file);
    const replaced = await refusal(resolver().reprove(volumeId, proof));
    expect([replaced.kind, replaced.evidence]).toEqual(['wrong', expect.stringContaining('instance')]);
    await appliance.unplug('vdq', volumeId);
    expect((await refusal(resolver().reprove(volumeId, proof))).kind).toBe('wrong');
  });

  // Seen beside a real kernel (test/guest): a disk that is plugged anew is another instance, though its file is the same.
  test('is not what was proven once it was plugged anew, where diskseq shows it', async () => {
    const { volumeId } = await appliance.plug('vdq', GIB);
    const sequence = path.join(appliance.sysfsBlockDirectory, 'vdq', 'diskseq');
    await writeFile(sequence, '4\n');
    const proof = await resolver().prove(volumeId, GIB);
    await expect(resolver().reprove(volumeId, proof)).resolves.toBeUndefined();
    await writeFile(sequence, '5\n');
    const error = await refusal(resolver().reprove(volumeId, proof));
    expect([error.kind, error.evidence]).toEqual(['wrong', expect.stringContaining('instance')]);
  });

  test('under another kernel name is still the same device', async () => {
    const { volumeId } = await appliance.plug('vdq', GIB);
    const proof = await resolver().prove(volumeId, GIB);
    const guest = path.dirname(appliance.byIdDirectory);
    await rename(path.join(guest, 'dev', 'vdq'), path.join(guest, 'dev', 'vdz'));
    await rename(path.join(guest, 'sys-block', 'vdq'), path.join(guest, 'sys-block', 'vdz'));
    await rm(proof.deviceNode);
    await symlink('../dev/vdz', proof.deviceNode);
    await expect(resolver().reprove(volumeId, proof)).resolves.toBeUndefined();
  });
});

describe('gone', () => {
  test('says what is still there, and nothing once link, disk and holder are gone', async () => {
    const { volumeId, file } = await appliance.plug('vdq', GIB);
    expect(await resolver().gone(volumeId)).toEqual({ gone: false, evidence: expect.stringContaining('virtio-') });
    await rm(path.join(appliance.byIdDirectory, byIdLinkNames(volumeId)[0] ?? ''));
    expect(await resolver().gone(volumeId)).toEqual({ gone: false, evidence: expect.stringContaining('vdq') });
    await rm(path.join(appliance.sysfsBlockDirectory, 'vdq'), { recursive: true });
    const held = await open(file);
    expect(await resolver().gone(volumeId)).toEqual({
      gone: false,
      evidence: expect.stringContaining(`${process.pid}`),
    });
    await held.close();
    expect(await resolver().gone(volumeId)).toEqual({ gone: true });
    expect(await resolver().gone(randomUUID())).toEqual({ gone: true });
  });
});

describe('what a kernel shows', () => {
  test('a virtio-scsi disk has its serial behind a page header', async () => {
    const folder = path.join(appliance.root, 'sda');
    await mkdir(path.join(folder, 'device'), { recursive: true });
    const serial = '0123456789abcdef0123';
    await writeFile(
      path.join(folder, 'device', 'vpd_pg80'),
      Buffer.concat([Buffer.from([0, 0x80, 0, 0x14]), Buffer.from(serial)]),
    );
    expect(await readSerial(folder)).toBe(serial);
  });

  test('mounts are known by device number', () => {
    const text =
      '29 1 254:16 / /data rw,relatime shared:1 - ext4 /dev/vdb1 rw\n30 1 0:5 / /dev rw - devtmpfs none rw\n';
    expect(mountPoints(text).get('254:16')).toBe('/data');
  });

  test('device numbers are split as the kernel does', () => {
    expect(formatDeviceNumber(0xfe10)).toBe('254:16');
    expect(formatDeviceNumber(0x100103)).toBe('1:259');
  });
});
