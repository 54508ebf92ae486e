import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DeviceReader } from '../../appliance/device-reader';
import { CopyError } from '../../appliance/ports';
import { temporaryFolder } from '../support/temporary-folder';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

async function read(reader: DeviceReader, offset: number, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await reader.read(offset, bytes, (chunk) => Promise.resolve(void chunks.push(Buffer.from(chunk))));
  return Buffer.concat(chunks);
}

const content = randomBytes(9 * 1024 * 1024);

async function expectRanges(reader: DeviceReader): Promise<void> {
  for (const [offset, bytes] of [
    [0, 1],
    [4095, 2],
    [12_345, 5_000_000],
    [0, content.length],
    [content.length - 1, 1],
  ] as const) {
    const expected = content.subarray(offset, offset + bytes);
    const found = await read(reader, offset, bytes);
    expect(createHash('sha256').update(found).digest('hex')).toBe(createHash('sha256').update(expected).digest('hex'));
  }
}

test('any range comes back, past the page cache', async () => {
  const file = path.join(folder.path, 'disk');
  await writeFile(file, content);
  await expectRanges(await DeviceReader.open(file, { mayUseCache: false }));
});

test('a device that is too short, or is not there, is said so', async () => {
  const file = path.join(folder.path, 'disk');
  await expect(DeviceReader.open(file, { mayUseCache: true })).rejects.toThrow(CopyError);
  await writeFile(file, content);
  const reader = await DeviceReader.open(file, { mayUseCache: false });
  await expect(read(reader, content.length - 10, 20)).rejects.toMatchObject({ offset: content.length });
});

describe('where the file system refuses O_DIRECT', () => {
  test('a file is read through the page cache only if it stands for a device', async () => {
    const point = path.join(folder.path, 'ramfs');
    await mkdir(point);
    const mounted = spawnSync('mount', ['-t', 'ramfs', 'none', point], { encoding: 'utf8' });
    if (mounted.status !== 0) {
      process.stderr.write(`\nSKIPPED: a file system without O_DIRECT; no ramfs here: ${mounted.stderr}\n`);
      return;
    }
    try {
      const file = path.join(point, 'disk');
      await writeFile(file, content);
      await expect(DeviceReader.open(file, { mayUseCache: false })).rejects.toThrow(CopyError);
      await expectRanges(await DeviceReader.open(file, { mayUseCache: true }));
    } finally {
      spawnSync('umount', [point]);
    }
  });
});
