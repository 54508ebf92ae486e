import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { stat, truncate } from 'node:fs/promises';
import path from 'node:path';
import { CopyError, CopyLockedError, SourceError, type CopyJob, type CopyWindowResult } from '../../appliance/ports';
import { windowsOf } from '../../appliance/window-hash';
import type { DiskSource } from '../../domain/request';
import { applianceParts } from './support/appliance-parts';
import { accepts } from './support/accepts';
import { makeImage, sha256OfRange } from './support/disk-images';
import { eventually, processesNaming } from './support/process-census';
import { leftovers, simulatedAppliance, type SimulatedAppliance } from './support/simulated-appliance';

const MIB = 1024 * 1024;
/** Windows of a test: 16 MiB in place of 1 GiB. Everything is the same but the time it takes to hash. */
const WINDOW = 16 * MIB;
let folders: SimulatedAppliance;
let appliance: ReturnType<typeof applianceParts>;

beforeEach(async () => {
  folders = await simulatedAppliance();
  appliance = applianceParts(folders, { simulated: true, windowBytes: WINDOW });
  await folders.startExports();
});

afterEach(async () => {
  const own = (await processesNaming(folders.root)).filter((command) => !command.includes('--unix'));
  const left = await leftovers(folders.exportsDirectory);
  await folders.remove();
  expect({ own, left }).toEqual({ own: [], left: [] });
});

interface Volume {
  readonly volumeId: string;
  readonly file: string;
}

async function exported(windows: number): Promise<Volume> {
  const volume = await folders.plug('vdq', windows * WINDOW);
  const proof = await appliance.resolver.prove(volume.volumeId, windows * WINDOW);
  await appliance.exports.open(volume.volumeId, proof.deviceNode);
  return volume;
}

async function job(
  volume: Volume,
  source: DiskSource,
  change: Partial<CopyJob> = {},
): Promise<CopyJob & { windows: CopyWindowResult[] }> {
  const windows: CopyWindowResult[] = [];
  const { size } = await stat(volume.file);
  return {
    volumeId: volume.volumeId,
    source,
    device: await appliance.resolver.prove(volume.volumeId, size),
    volumeBytes: size,
    targetIsZero: true,
    firstWindow: 0,
    signal: new AbortController().signal,
    onWindow: (more) => Promise.resolve(void windows.push(...more)),
    beforeWindow: () => Promise.resolve(),
    windows,
    ...change,
  };
}

async function image(
  bytes: number,
  data: Parameters<typeof makeImage>[2],
): Promise<{ file: string; source: DiskSource }> {
  const file = path.join(folders.root, 'source.raw');
  await makeImage(file, bytes, data);
  return { file, source: { kind: 'file', path: file } };
}

async function expectEqual(
  sourceFile: string,
  sourceBytes: number,
  volume: Volume,
  windows: readonly CopyWindowResult[],
) {
  const expected = await Promise.all(
    windowsOf(sourceBytes, WINDOW).map(async (window) => ({
      ...window,
      sourceSha256: await sha256OfRange(sourceFile, window.offset, window.bytes),
    })),
  );
  expect(windows.map(({ index, offset, bytes, sourceSha256 }) => ({ index, offset, bytes, sourceSha256 }))).toEqual(
    expected,
  );
  for (const window of expected) {
    expect(await sha256OfRange(volume.file, window.offset, window.bytes)).toBe(window.sourceSha256);
  }
  const { size } = await stat(volume.file);
  await expect(sha256OfRange(volume.file, sourceBytes, size - sourceBytes)).resolves.toBe(
    await sha256OfRange('/dev/zero', 0, size - sourceBytes),
  );
  const verified = await verify(volume, sourceBytes);
  expect(verified).toEqual({
    windows: expected.map(({ index, sourceSha256 }) => ({ index, sha256: sourceSha256 })),
    tailIsZero: true,
  });
}

async function verify(volume: Volume, sourceBytes: number, onProgress = () => Promise.resolve()) {
  const { size } = await stat(volume.file);
  const device = await appliance.resolver.prove(volume.volumeId, size);
  const signal = new AbortController().signal;
  return appliance.verifier.verify({
    volumeId: volume.volumeId,
    device,
    sourceBytes,
    volumeBytes: size,
    signal,
    onProgress,
  });
}

describe('a copy is the source, byte for byte, and zeros behind it', () => {
  test.each([
    ['one byte over a window', WINDOW + 1, [{ at: WINDOW, fill: Buffer.from('x') }]],
    [
      'a length inside a sector',
      5 * MIB + 77,
      [
        { at: 5 * MIB, bytes: 77 },
        { at: 5, bytes: MIB },
      ],
    ],
    ['data across two windows', 2 * WINDOW, [{ at: WINDOW - 3 * MIB - 11, bytes: 6 * MIB }]],
    ['nothing but a hole', WINDOW + 4096, []],
    [
      'written zeros',
      9 * MIB,
      [
        { at: 0, fill: Buffer.alloc(3 * MIB) },
        { at: 4 * MIB, bytes: 1 },
      ],
    ],
  ])('with %s, onto a new volume and, again, onto one full of other data', async (_, bytes, data) => {
    const { file, source } = await image(bytes, data);
    const volume = await exported(3);
    const first = await job(volume, source);
    expect(await appliance.copier.inspect(source)).toEqual({ sizeBytes: bytes });
    expect(await appliance.copier.copy(first)).toEqual({ sourceBytes: bytes });
    await expectEqual(file, bytes, volume, first.windows);

    await makeImage(
      volume.file,
      3 * WINDOW,
      [0, 1, 2].map((window) => ({ at: window * WINDOW + 7 * MIB, bytes: 9 * MIB })),
    );
    const second = await job(volume, source, { targetIsZero: false });
    await appliance.copier.copy(second);
    await expectEqual(file, bytes, volume, second.windows);
  });

  test('from an NBD server, with progress inside a window', async () => {
    const { file, source } = await image(WINDOW, [{ at: 3 * MIB, bytes: 8 * MIB }]);
    const socket = path.join(folders.root, 'source.sock');
    const server = spawn('nbdkit', ['-f', '-r', '--exit-with-parent', '-U', socket, 'file', file]);
    try {
      await eventually(() => accepts(socket), 'the source listens');
      const volume = await exported(1);
      const seen: number[] = [];
      const copy = await job(
        volume,
        { kind: 'nbd', uri: `nbd+unix:///?socket=${socket}` },
        { onBytes: (bytes) => seen.push(bytes) },
      );
      await appliance.copier.copy(copy);
      await expectEqual(file, WINDOW, volume, copy.windows);
      expect(seen.at(-1)).toBe(WINDOW);
      expect(seen).toEqual([...seen].sort((a, b) => a - b));
    } finally {
      server.kill('SIGKILL');
    }
    expect(source.kind).toBe('file');
  });

  test('holes of the source take no room in the volume', async () => {
    const { source } = await image(2 * WINDOW, [{ at: 5 * MIB, bytes: MIB }]);
    const volume = await exported(2);
    await appliance.copier.copy(await job(volume, source));
    expect((await stat(volume.file)).blocks * 512).toBeLessThan(2 * MIB);
  });

  test('going on at a window leaves the ones before it alone', async () => {
    const { file, source } = await image(2 * WINDOW, [
      { at: MIB, bytes: MIB },
      { at: WINDOW + MIB, bytes: MIB },
    ]);
    const volume = await exported(2);
    const copy = await job(volume, source, { firstWindow: 1, targetIsZero: false });
    await appliance.copier.copy(copy);
    expect(copy.windows.map((window) => window.index)).toEqual([1]);
    expect(await sha256OfRange(volume.file, 0, WINDOW)).toBe(await sha256OfRange('/dev/zero', 0, WINDOW));
    expect(await sha256OfRange(volume.file, WINDOW, WINDOW)).toBe(await sha256OfRange(file, WINDOW, WINDOW));
  });
});

describe('windows', () => {
  test('are handed over in order, each after the device was proven again; windows of zeros in one call', async () => {
    const { source } = await image(5 * WINDOW, [
      { at: 0, bytes: 1 },
      { at: 4 * WINDOW, bytes: 1 },
    ]);
    const volume = await exported(5);
    const calls: string[] = [];
    await appliance.copier.copy(
      await job(volume, source, {
        beforeWindow: () => Promise.resolve(void calls.push('prove')),
        onWindow: (windows) => Promise.resolve(void calls.push(windows.map(({ index }) => index).join())),
      }),
    );
    expect(calls).toEqual(['prove', '0', '1,2,3', 'prove', '4']);
  });

  test('a device that is no longer proven is not written', async () => {
    const { source } = await image(WINDOW, [{ at: 0, bytes: MIB }]);
    const volume = await exported(1);
    const copy = appliance.copier.copy(
      await job(volume, source, { beforeWindow: () => Promise.reject(new Error('other disk')) }),
    );
    await expect(copy).rejects.toThrow('other disk');
    expect((await stat(volume.file)).blocks).toBe(0);
  });
});

describe('a copy that cannot be', () => {
  test('a source that is not there, is too large, or has another size than before', async () => {
    const volume = await exported(1);
    const missing: DiskSource = { kind: 'file', path: path.join(folders.root, 'none.raw') };
    await expect(appliance.copier.inspect(missing)).rejects.toThrow(SourceError);
    await expect(
      appliance.copier.inspect({ kind: 'nbd', uri: `nbd+unix:///?socket=${folders.root}/none` }),
    ).rejects.toThrow(SourceError);
    await expect(appliance.copier.copy(await job(volume, missing))).rejects.toThrow(SourceError);
    const { source } = await image(WINDOW + 512, [{ at: 0, bytes: 1 }]);
    await expect(appliance.copier.copy(await job(volume, source))).rejects.toThrow(
      /holds 16777728 bytes, the volume only/,
    );
    const grown = job(volume, source, { sourceBytes: WINDOW });
    await expect(appliance.copier.copy(await grown)).rejects.toThrow(/changed from 16777216 to 16777728 bytes/);
    expect((await stat(volume.file)).blocks).toBe(0);
  });

  test.each([
    ['shrinks', WINDOW + 5 * MIB],
    ['grows', 3 * WINDOW],
  ])('a source that %s under the copy', async (_, to) => {
    const { file, source } = await image(2 * WINDOW, [
      { at: 0, bytes: MIB },
      { at: WINDOW, bytes: 3 * MIB },
    ]);
    const volume = await exported(3);
    const copy = await job(volume, source, { onWindow: () => truncate(file, to) });
    await expect(appliance.copier.copy(copy)).rejects.toThrow(SourceError);
  });

  test('an NBD source that goes away in the middle', async () => {
    const { file } = await image(2 * WINDOW, [
      { at: 0, bytes: MIB },
      { at: WINDOW, bytes: 3 * MIB },
    ]);
    const socket = path.join(folders.root, 'source.sock');
    const server = spawn('nbdkit', ['-f', '-r', '--exit-with-parent', '-U', socket, 'file', file]);
    await eventually(() => accepts(socket), 'the source listens');
    const volume = await exported(2);
    const gone = new Promise((resolve) => server.once('exit', resolve));
    const copy = job(
      volume,
      { kind: 'nbd', uri: `nbd+unix:///?socket=${socket}` },
      {
        onWindow: async () => {
          server.kill('SIGKILL');
          await gone;
        },
      },
    );
    await expect(appliance.copier.copy(await copy)).rejects.toThrow(SourceError);
  });

  test('an export that is closed in the middle names the byte', async () => {
    const { source } = await image(2 * WINDOW, [
      { at: 0, bytes: MIB },
      { at: WINDOW, bytes: MIB },
    ]);
    const volume = await exported(2);
    const copy = await job(volume, source, {
      onWindow: async () => {
        await appliance.exports.close(volume.volumeId);
      },
    });
    const error: unknown = await appliance.copier.copy(copy).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CopyError);
    expect((error as CopyError).offset).toBe(WINDOW);
  });

  test('a lock that another process holds', async () => {
    const { source } = await image(WINDOW, [{ at: 0, bytes: MIB }]);
    const volume = await exported(1);
    const lock = appliance.lock.path(volume.volumeId);
    const holder = spawn('sh', ['-c', 'mkdir -p "$(dirname "$0")" && exec flock --no-fork "$0" sleep 60', lock]);
    await eventually(async () => !(await appliance.lock.isFree(volume.volumeId)), 'the lock is held');
    await expect(appliance.copier.copy(await job(volume, source))).rejects.toThrow(CopyLockedError);
    await expect(verify(volume, WINDOW)).rejects.toThrow(CopyLockedError);
    const ended = new Promise((resolve) => holder.once('exit', resolve));
    holder.kill('SIGKILL');
    await ended;
    expect(await appliance.lock.isFree(volume.volumeId)).toBe(true);
    await appliance.copier.copy(await job(volume, source));
  });

  test('two copies of one volume at once: one goes on, the other is told', async () => {
    const { source } = await image(WINDOW, [{ at: 0, fill: randomBytes(WINDOW) }]);
    const volume = await exported(1);
    const blocked = job(volume, source, { onWindow: () => new Promise((resolve) => setTimeout(resolve, 1500)) });
    const both = await Promise.allSettled([appliance.copier.copy(await blocked), appliance.copier.copy(await blocked)]);
    expect(both.map((each) => each.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find((each) => each.status === 'rejected')?.reason).toBeInstanceOf(CopyLockedError);
  });
});

describe('a copy that is stopped', () => {
  test.each(['while it reads', 'while it writes'])('%s leaves no process, and its reason', async (when) => {
    const { source } = await image(WINDOW, [{ at: 0, fill: randomBytes(WINDOW) }]);
    const volume = await exported(1);
    const stop = new AbortController();
    const reason = new Error('cancelled');
    const abort = () =>
      setTimeout(() => {
        stop.abort(reason);
      }, 30);
    const change =
      when === 'while it reads' ? { onBytes: abort } : { beforeWindow: () => Promise.resolve(void abort()) };
    const copy = appliance.copier.copy(await job(volume, source, { ...change, signal: stop.signal }));
    await expect(copy).rejects.toBe(reason);
    expect((await processesNaming(folders.root)).filter((command) => !command.includes('--unix'))).toEqual([]);
    expect(await appliance.lock.isFree(volume.volumeId)).toBe(true);
  });
});
