import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { randomBytes, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DeviceError } from '../../appliance/ports';
import { GIB } from '../../domain/sizes';
import { applianceParts } from './support/appliance-parts';
import { makeImage, sha256OfRange } from './support/disk-images';
import { loopDevice, loopDeviceProblem, runSynchronously, showAs, type LoopDevice } from './support/loop-device';
import { leftovers, simulatedAppliance, type SimulatedAppliance } from './support/simulated-appliance';

const MIB = 1024 * 1024;
const problem = loopDeviceProblem();
if (problem !== undefined) {
  process.stderr.write(
    `\nSKIPPED: everything about real block devices; this machine makes no loop device: ${problem}\n\n`,
  );
}

let folders: SimulatedAppliance;
let appliance: ReturnType<typeof applianceParts>;
let devices: LoopDevice[];
let mounts: string[];

beforeEach(async () => {
  folders = await simulatedAppliance();
  appliance = applianceParts(folders, { simulated: false });
  devices = [];
  mounts = [];
});

afterEach(async () => {
  for (const point of mounts) runSynchronously('umount', point);
  for (const device of devices) device.detach();
  await folders.remove();
});

async function plug(bytes: number, ...options: string[]): Promise<{ volumeId: string; device: LoopDevice }> {
  const volumeId = randomUUID();
  const device = await loopDevice(path.join(folders.volumesDirectory, `${volumeId}.raw`), bytes, ...options);
  devices.push(device);
  await showAs(folders, device, volumeId);
  return { volumeId, device };
}

async function refusal(work: Promise<unknown>): Promise<{ kind: string; evidence: string }> {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  if (!(error instanceof DeviceError)) throw new Error(`not refused: ${String(error)}`);
  return { kind: error.kind, evidence: error.evidence };
}

async function mount(node: string): Promise<string> {
  const point = path.join(folders.root, `mounted-${path.basename(node)}`);
  await mkdir(point);
  runSynchronously('mount', node, point);
  mounts.push(point);
  return point;
}

(problem === undefined ? describe : describe.skip)('a real block device', () => {
  test('is proven by serial, size and diskseq; many proofs at once do not disturb each other', async () => {
    const { volumeId, device } = await plug(8 * MIB);
    const proof = await appliance.resolver.prove(volumeId, 8 * MIB);
    const diskSequence = (await readFile(`/sys/block/${device.name}/diskseq`, 'utf8')).trim();
    expect(proof).toMatchObject({
      kernelNode: device.node,
      sizeBytes: 8 * MIB,
      simulated: false,
      instance: diskSequence,
    });
    const proofs = await Promise.all(Array.from({ length: 6 }, () => appliance.resolver.prove(volumeId, 8 * MIB)));
    expect(proofs.every((each) => each.instance === diskSequence)).toBe(true);
    await appliance.resolver.reprove(volumeId, proof);
  });

  test('that is mounted is in use, and is said to be mounted where', async () => {
    const whole = await plug(16 * MIB);
    runSynchronously('mke2fs', '-q', '-F', whole.device.node);
    const proof = await appliance.resolver.prove(whole.volumeId, 1);
    const point = await mount(whole.device.node);
    const told = { kind: 'in-use', evidence: expect.stringContaining(point) };
    expect(await refusal(appliance.resolver.prove(whole.volumeId, 1))).toEqual(told);
    expect(await refusal(appliance.resolver.reprove(whole.volumeId, proof))).toEqual(told);
  });

  test('that something of the kernel claims is in use, though nothing is mounted', async () => {
    const { volumeId, device } = await plug(8 * MIB);
    const claim = await open(device.node, constants.O_RDONLY | constants.O_EXCL);
    expect(await refusal(appliance.resolver.prove(volumeId, 1))).toEqual({
      kind: 'in-use',
      evidence: expect.stringContaining('EBUSY'),
    });
    await claim.close();
    await expect(appliance.resolver.prove(volumeId, 1)).resolves.toBeDefined();
  });

  test('that is read-only is refused: nbdkit would offer it as writable', async () => {
    const { volumeId } = await plug(8 * MIB, '--read-only');
    expect(await refusal(appliance.resolver.prove(volumeId, 1))).toEqual({
      kind: 'wrong',
      evidence: expect.stringContaining('read-only'),
    });
  });

  test('is another one when the kernel name has come to another disk', async () => {
    const { volumeId, device } = await plug(8 * MIB);
    const proof = await appliance.resolver.prove(volumeId, 1);
    device.detach();
    runSynchronously('losetup', device.node, device.file);
    const now = await refusal(appliance.resolver.reprove(volumeId, proof));
    expect(now).toEqual({ kind: 'wrong', evidence: expect.stringContaining('instance') });
  });

  test('is not the one that sysfs describes when their numbers differ', async () => {
    const one = await plug(8 * MIB);
    const other = await plug(8 * MIB);
    const number = path.join(folders.sysfsBlockDirectory, one.device.name, 'dev');
    await rm(number);
    runSynchronously('ln', '-s', `/sys/block/${other.device.name}/dev`, number);
    expect((await refusal(appliance.resolver.prove(one.volumeId, 1))).kind).toBe('wrong');
  });

  test('is not gone while a disk shows its serial', async () => {
    const { volumeId } = await plug(8 * MIB);
    expect(await appliance.resolver.gone(volumeId)).toMatchObject({ gone: false });
  });

  test('with a partition that is mounted is in use', async () => {
    const { volumeId, device } = await plug(8 * MIB);
    const other = await plug(16 * MIB);
    runSynchronously('mke2fs', '-q', '-F', other.device.node);
    const point = await mount(other.device.node);
    // stands for a partition: not every kernel scans loop devices for them
    const name = `${device.name}p1`;
    const partition = path.join(folders.sysfsBlockDirectory, device.name, name);
    await rm(partition, { force: true });
    await mkdir(partition);
    await writeFile(path.join(partition, 'partition'), '1\n');
    await symlink(`/sys/block/${other.device.name}/dev`, path.join(partition, 'dev'));
    expect(await refusal(appliance.resolver.prove(volumeId, 1))).toEqual({
      kind: 'in-use',
      evidence: expect.stringContaining(`${name} on ${point}`),
    });
  });

  test('gets a whole copy in windows of 1 GiB, and is read back past the page cache', async () => {
    const source = path.join(folders.root, 'source.raw');
    const sourceBytes = GIB + 3 * MIB + 77;
    await makeImage(source, sourceBytes, [
      { at: 12_345, fill: randomBytes(50 * MIB) },
      { at: GIB - 5, bytes: MIB },
      { at: sourceBytes - 1, fill: Buffer.from('x') },
    ]);
    const { volumeId, device } = await plug(2 * GIB);
    runSynchronously(
      'dd',
      'if=/dev/urandom',
      `of=${device.node}`,
      'bs=1M',
      'count=4',
      `seek=${String(1500)}`,
      'conv=fsync',
    );
    const server = await folders.startExports();
    const proof = await appliance.resolver.prove(volumeId, 2 * GIB);
    await appliance.exports.open(volumeId, proof.deviceNode);
    const hashes: string[] = [];
    const signal = new AbortController().signal;
    const job = { volumeId, device: proof, volumeBytes: 2 * GIB, signal };
    await appliance.copier.copy({
      ...job,
      source: { kind: 'file', path: source },
      targetIsZero: false,
      firstWindow: 0,
      beforeWindow: () => appliance.resolver.reprove(volumeId, proof),
      onWindow: (windows) => Promise.resolve(void hashes.push(...windows.map((window) => window.sourceSha256))),
    });
    const rest = sourceBytes - GIB;
    const expected = [await sha256OfRange(source, 0, GIB), await sha256OfRange(source, GIB, rest)];
    expect(hashes).toEqual(expected);
    expect([await sha256OfRange(device.node, 0, GIB), await sha256OfRange(device.node, GIB, rest)]).toEqual(expected);
    const verify = () => appliance.verifier.verify({ ...job, sourceBytes, onProgress: () => Promise.resolve() });
    expect(await verify()).toEqual({
      windows: expected.map((sha256, index) => ({ index, sha256 })),
      tailIsZero: true,
    });
    expect(await appliance.exports.holders(volumeId, proof.deviceNode)).toEqual([]);

    // what the storage lost is seen, though the page cache of the device still remembers it
    const backing = await open(device.file, 'r+');
    await backing.write(Buffer.from([1]), 0, 1, 2 * GIB - 7);
    await backing.write(Buffer.alloc(4096), 0, 4096, 20 * MIB);
    await backing.close();
    const damaged = await verify();
    expect(damaged.tailIsZero).toBe(false);
    expect(damaged.windows[0]?.sha256).not.toBe(expected[0]);
    expect(damaged.windows[1]?.sha256).toBe(expected[1]);
    expect(await leftovers(folders.exportsDirectory)).toEqual([]);
    expect(server.running).toBe(true);
  }, 120_000);
});
