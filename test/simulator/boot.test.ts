import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { volumeSerial } from '../../domain/names';
import { BLANK, contentDigest } from '../../simulator/content-digest';
import { temporaryFolder } from '../support/temporary-folder';
import { until } from '../support/until';
import { MachineCalls } from './machine-calls';
import { simulatedSite } from './simulated-site';
import type { SimulatedSite } from './simulated-site';

const APPLIANCE = '1c266316-503d-451d-9392-9585a6fcba41';
const MIB = 1024 ** 2;

function bytesAt(path: string, offset: number, length: number): Buffer {
  const file = openSync(path, 'r');
  const bytes = Buffer.alloc(length);
  readSync(file, bytes, 0, length, offset);
  closeSync(file);
  return bytes;
}

describe('a start boots what the root holds', () => {
  let site: SimulatedSite;
  let vms: MachineCalls;
  beforeEach(async () => {
    site = await simulatedSite();
    vms = new MachineCalls(site);
  });
  afterEach(async () => {
    await site.close();
  });
  const content = async (volumeId: string): Promise<string> =>
    ((await site.control('GET', `/content/${volumeId}`)) as { content: string }).content;
  const write = (vmId: string, volumeId: string, text: string, offsetBytes = 0): Promise<unknown> =>
    site.control('POST', '/guest/write', { vmId, volumeId, offsetBytes, text });
  const plugged = async (vmId: string, volumeId: string): Promise<boolean> => {
    const { machines } = (await site.control('GET', '/world')) as {
      machines: { id: string; devices: { links: string[] }[] }[];
    };
    const links = machines.find(({ id }) => id === vmId)?.devices.flatMap((device) => device.links) ?? [];
    return links.some((link) => link.endsWith(volumeSerial(volumeId)));
  };
  /** A volume that the appliance has written to, as a copy would have. */
  const replica = async (name: string, text: string): Promise<string> => {
    const id = await site.newVolume(name);
    await vms.attach(id, APPLIANCE);
    await until(() => plugged(APPLIANCE, id));
    await write(APPLIANCE, id, text, 5 * MIB);
    await site.admin.run('detachVolume', { id });
    return id;
  };
  const started = async (name: string, root: string): Promise<string> => {
    const vm = await vms.shell(name);
    await vms.attach(root, vm, { deviceid: '0' });
    expect((await vms.run('startVirtualMachine', vm)).jobstatus).toBe(1);
    expect(await vms.state(vm)).toBe('Running');
    return vm;
  };

  test('up when it holds exactly what was expected, named before the VM was made', async () => {
    const root = await replica('os', 'boot me');
    const rootContent = await content(root);
    await site.control('POST', '/boot-expectation', { vmName: 'sandbox', rootContent });
    const vm = await started('sandbox', root);
    expect(await vms.boot(vm)).toMatchObject({ up: true, rootVolumeId: root, rootContent });
    await until(() => plugged(vm, root));
  });

  test('down when the disks were swapped, though CloudStack says Running', async () => {
    const [os, data] = [await replica('os', 'boot me'), await replica('data', 'tables')];
    await site.control('POST', '/boot-expectation', { vmName: 'sandbox', contentOf: os });
    const vm = await started('sandbox', data);
    const boot = await vms.boot(vm);
    expect(boot).toMatchObject({ up: false, rootVolumeId: data, rootContent: await content(data) });
    expect(boot.reason).toContain(`expected was ${await content(os)}`);
  });

  test('down when one byte is torn, and when it is blank', async () => {
    const torn = await replica('torn', 'boot me');
    await site.control('POST', '/boot-expectation', { vmName: 'sandbox-1', contentOf: torn });
    await vms.attach(torn, APPLIANCE);
    await until(() => plugged(APPLIANCE, torn));
    await write(APPLIANCE, torn, 'B', 5 * MIB);
    await site.admin.run('detachVolume', { id: torn });
    expect(await vms.boot(await started('sandbox-1', torn))).toMatchObject({ up: false });

    const vm = await started('sandbox-2', await site.newVolume('blank'));
    const boot = await vms.boot(vm);
    expect(boot).toMatchObject({ up: false, rootContent: BLANK });
    expect(boot.reason).toContain('is blank');
  });

  test('up without an expectation when there is data, or the template; an expectation is taken back by null', async () => {
    const vm = await vms.deploy({ name: 'of-a-template' });
    await site.control('POST', '/boot-expectation', { vmId: vm, contentOf: await replica('os', 'boot me') });
    await vms.run('startVirtualMachine', vm);
    expect(await vms.boot(vm)).toMatchObject({ up: false });
    await site.control('POST', '/boot-expectation', { vmId: vm, rootContent: null });
    await vms.run('rebootVirtualMachine', vm);
    expect(await vms.boot(vm)).toMatchObject({ up: true });
    expect(await vms.boot(await started('of-data', await replica('any', 'anything')))).toMatchObject({ up: true });
  });

  test('a VM that does not run is down; one that ran when the world began is up', async () => {
    expect(await vms.boot(APPLIANCE)).toMatchObject({ up: true });
    const vm = await vms.deploy();
    expect(await vms.boot(vm)).toMatchObject({ up: false, reason: 'it is Stopped' });
    await vms.run('stopVirtualMachine', APPLIANCE);
    expect(await vms.boot(APPLIANCE)).toMatchObject({ up: false });
  });

  test('every start is judged anew: what the guest wrote counts at the next one', async () => {
    const root = await replica('os', 'boot me');
    await site.control('POST', '/boot-expectation', { vmName: 'sandbox', contentOf: root });
    const vm = await started('sandbox', root);
    await until(() => plugged(vm, root));
    await write(vm, root, 'a log line', 900 * MIB);
    expect(await vms.boot(vm)).toMatchObject({ up: true });
    await vms.run('stopVirtualMachine', vm);
    await vms.run('startVirtualMachine', vm);
    expect(await vms.boot(vm)).toMatchObject({ up: false });
  });

  test('expectations and boot records outlive a restart of the management server', async () => {
    const root = await replica('os', 'boot me');
    await site.control('POST', '/boot-expectation', { vmName: 'sandbox', contentOf: root });
    const vm = await started('sandbox', root);
    await site.control('POST', '/restart');
    expect(await vms.boot(vm)).toMatchObject({ up: true, rootVolumeId: root });
  });

  test('a guest writes only when it is up, to a disk it has, within its bounds', async () => {
    const data = await replica('data', 'tables');
    const vm = await started('sandbox', await replica('os', 'boot me'));
    await expect(write(vm, data, 'x')).rejects.toThrow(/has no disk of volume/);
    await vms.attach(data, vm);
    await until(() => plugged(vm, data));
    await expect(write(vm, data, 'xx', 1024 * MIB - 1)).rejects.toThrow(/ends at 1073741824/);
    expect(
      await site.control('POST', '/guest/write', { vmId: vm, volumeId: data, offsetBytes: 3, hex: '00ff10' }),
    ).toEqual({
      volumeId: data,
      bytes: 3,
    });
    const file = join(site.simulator.stateDirectory, 'volumes', `${data}.raw`);
    expect(bytesAt(file, 3, 3)).toEqual(Buffer.from([0x00, 0xff, 0x10]));
    await vms.run('stopVirtualMachine', vm);
    await expect(write(vm, data, 'x')).rejects.toThrow(/writes nothing: it is Stopped/);

    const blank = await started('down', await site.newVolume('blank'));
    await expect(write(blank, await vms.root(blank), 'x')).rejects.toThrow(
      /writes nothing: the root volume .* is blank/,
    );
  });

  test.each([
    ['an expectation of nobody', '/boot-expectation', { rootContent: BLANK }],
    ['an expectation of nothing', '/boot-expectation', { vmName: 'a' }],
    ['an expectation that is no digest', '/boot-expectation', { vmName: 'a', rootContent: 'abc' }],
    ['a write of nothing', '/guest/write', { vmId: APPLIANCE, volumeId: 'a', offsetBytes: 0 }],
    ['a write of half a byte', '/guest/write', { vmId: APPLIANCE, volumeId: 'a', offsetBytes: 0, hex: '0' }],
    ['a write to no VM', '/guest/write', { vmId: 'a', volumeId: 'a', offsetBytes: 0, text: 'a' }],
  ])('refuses %s', async (_, path, body) => {
    await expect(site.control('POST', path, body)).rejects.toThrow();
  });
});

describe('the digest of what a disk holds', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let files = 0;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(async () => {
    await folder.remove();
  });
  /** A sparse file with some bytes in it. */
  const disk = (bytes: number, writes: readonly (readonly [offset: number, data: Uint8Array])[]): string => {
    const path = join(folder.path, `${String((files += 1))}.raw`);
    const file = openSync(path, 'w');
    ftruncateSync(file, bytes);
    for (const [offset, data] of writes) writeSync(file, data, 0, data.length, offset);
    closeSync(file);
    return path;
  };

  test('blank: no file, a hole, written zeros', async () => {
    expect(await contentDigest(join(folder.path, 'none'))).toBe(BLANK);
    expect(await contentDigest(disk(8 * MIB, []))).toBe(BLANK);
    expect(await contentDigest(disk(8 * MIB, [[MIB, Buffer.alloc(2 * MIB)]]))).toBe(BLANK);
  });

  test('tells content and place apart; holes, written zeros and a longer tail make no difference', async () => {
    const place = fc.tuple(fc.integer({ min: 0, max: 2 * MIB }), fc.uint8Array({ minLength: 1, maxLength: 9 }));
    await fc.assert(
      fc.asyncProperty(fc.array(place, { maxLength: 4 }), fc.nat(3 * MIB - 1), fc.nat(3), async (writes, at, tail) => {
        const plain = disk(3 * MIB, writes);
        const zeroed = disk((3 + tail) * MIB, [[0, Buffer.alloc(3 * MIB)], ...writes]);
        const digest = await contentDigest(plain);
        expect(await contentDigest(zeroed)).toBe(digest);
        const byte = bytesAt(plain, at, 1)[0] ?? 0;
        const torn = disk(3 * MIB, [...writes, [at, Buffer.from([byte ^ 1])]]);
        expect(await contentDigest(torn)).not.toBe(digest);
      }),
      { numRuns: 15 },
    );
  });

  test('reads no holes: a disk of 1 TiB with little data', async () => {
    const piece = Buffer.alloc(MIB, 0x5a);
    const writes = Array.from({ length: 10 }, (_, index) => [index * 100_000 * MIB + 4096, piece] as const);
    expect(await contentDigest(disk(MIB * MIB, writes))).not.toBe(BLANK);
  });
});
