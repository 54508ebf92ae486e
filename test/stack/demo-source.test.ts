import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stat } from 'node:fs/promises';
import { type DemoDisk, makeDemoSource, makeSixDiskSource } from '../../stack/demo-source';
import { findProgram, runProgram } from '../../stack/programs';
import { temporaryFolder } from '../support/temporary-folder';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let disks: readonly [DemoDisk, DemoDisk];
beforeAll(async () => {
  folder = await temporaryFolder();
  disks = await makeDemoSource(folder.path);
});
afterAll(async () => {
  await folder.remove();
});

async function run(program: string, args: readonly string[]): Promise<string> {
  const { code, output } = await runProgram((await findProgram(program)) ?? program, args);
  expect({ program, code }).toEqual({ program, code: 0 });
  return output;
}

/** Indices of the 1 GiB windows that hold any data. */
async function touchedWindows(path: string): Promise<Set<number>> {
  const map = JSON.parse(await run('qemu-img', ['map', '--output=json', '-f', 'raw', path])) as {
    start: number;
    length: number;
    data: boolean;
  }[];
  const windows = new Set<number>();
  for (const { start, length } of map.filter((extent) => extent.data)) {
    for (let at = Math.floor(start / 2 ** 30); at <= Math.floor((start + length - 1) / 2 ** 30); at += 1)
      windows.add(at);
  }
  return windows;
}

describe('the source of the demo', () => {
  test('has the sizes of pgtest1 but takes little room', async () => {
    expect(disks.map((disk) => [disk.key, disk.sizeBytes])).toEqual([
      [2000, 114890375168],
      [2001, 10737418240],
    ]);
    for (const disk of disks) {
      const { size, blocks } = await stat(disk.path);
      expect(size).toBe(disk.sizeBytes);
      expect(blocks * 512).toBeLessThan(100 * 1024 * 1024);
    }
  });

  test('has data in few windows of each disk, at its beginning and at its end', async () => {
    const [first, second] = await Promise.all(disks.map((disk) => touchedWindows(disk.path)));
    expect([...(first ?? [])]).toEqual(expect.arrayContaining([0, 106]));
    expect(first?.size).toBeLessThanOrEqual(13);
    expect([...(second ?? [])]).toEqual(expect.arrayContaining([0, 9]));
    expect(second?.size).toBeLessThanOrEqual(6);
  });

  test('has a partition table that sfdisk finds whole', async () => {
    for (const disk of disks) {
      const dump = await run('sfdisk', ['--dump', disk.path]);
      expect(dump).toContain('label: gpt');
      await run('sfdisk', ['--verify', disk.path]);
    }
    expect(await run('sfdisk', ['--dump', disks[0].path])).toContain('name="root"');
  });

  test('has a sound filesystem with files in the last partition', async () => {
    const offsets = { 2000: 2 * 1024 * 1024, 2001: 1024 * 1024 };
    for (const disk of disks) {
      const image = `${disk.path}?offset=${String(offsets[disk.key as 2000 | 2001])}`;
      await run('e2fsck', ['-f', '-n', image]);
    }
    const text = await run('debugfs', ['-R', 'cat /etc/hostname', `${disks[0].path}?offset=${String(offsets[2000])}`]);
    expect(text).toContain('pgtest1\n');
    const list = await run('debugfs', ['-R', 'ls -p /base/16384', `${disks[1].path}?offset=${String(offsets[2001])}`]);
    expect(list).toContain('/16385/');
  });

  test('is taken as it is the second time', async () => {
    const before = await stat(disks[0].path);
    const again = await makeDemoSource(folder.path);
    expect(again).toEqual(disks);
    expect((await stat(disks[0].path)).ino).toBe(before.ino);
  });
});

describe('the source of the demo of failovers', () => {
  test('has six disks, one of them to boot from, each with a filesystem of its own', async () => {
    const six = await makeSixDiskSource(folder.path);
    expect(six.map((disk) => [disk.key, disk.boot])).toEqual([
      [2000, true],
      ...[2001, 2002, 2003, 2004, 2005].map((key) => [key, false]),
    ]);
    const labels = new Set<string>();
    for (const disk of six) {
      await run('e2fsck', ['-f', '-n', `${disk.path}?offset=1048576`]);
      labels.add(await run('debugfs', ['-R', 'stats -h', `${disk.path}?offset=1048576`]));
    }
    expect(labels.size).toBe(6);
  });
});
