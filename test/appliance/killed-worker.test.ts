import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { makeCopyLocks } from '../../appliance/copy-lock';
import { makeDeviceResolver } from '../../appliance/device-resolver';
import { makeExportLinks } from '../../appliance/export-links';
import type { CopyProgramInput } from './fixtures/copy-program';
import { accepts } from './support/accepts';
import { makeImage, sha256OfRange } from './support/disk-images';
import { eventually, processesNaming } from './support/process-census';
import { leftovers, simulatedAppliance, type SimulatedAppliance } from './support/simulated-appliance';

const MIB = 1024 * 1024;
const WINDOW = 16 * MIB;
let folders: SimulatedAppliance;
let source: ChildProcess;
let input: CopyProgramInput;
let image: string;

beforeEach(async () => {
  folders = await simulatedAppliance();
  await folders.startExports();
  image = path.join(folders.root, 'source.raw');
  await makeImage(image, 3 * WINDOW, [{ at: 0, fill: randomBytes(3 * WINDOW) }]);
  const socket = path.join(folders.root, 'source.sock');
  // Slow enough for a kill to find every tool at work: some two seconds for each window of 64 reads.
  // Not by the rate filter: with it nbdkit 1.32 aborts when a client is killed in the middle of a read.
  const slow = ['--threads=1', '--filter=delay', 'file', image, 'rdelay=25ms'];
  source = spawn('nbdkit', ['-f', '-r', '--exit-with-parent', '-U', socket, ...slow]);
  // The socket is there before nbdkit listens on it.
  await eventually(() => accepts(socket), 'the source listens');
  const volume = await folders.plug('vdq', 3 * WINDOW);
  const exports = makeExportLinks(folders);
  const resolver = makeDeviceResolver({ ...folders, simulated: true });
  await exports.open(volume.volumeId, (await resolver.prove(volume.volumeId, 3 * WINDOW)).deviceNode);
  const { byIdDirectory, sysfsBlockDirectory, exportsDirectory } = folders;
  input = {
    ...{ byIdDirectory, sysfsBlockDirectory, exportsDirectory },
    ...{ volumeId: volume.volumeId, volumeBytes: 3 * WINDOW, windowBytes: WINDOW },
    source: { kind: 'nbd', uri: `nbd+unix:///?socket=${socket}` },
  };
});

afterEach(async () => {
  source.kill('SIGKILL');
  await folders.remove();
});

function startCopy(): { worker: ChildProcess; said: (line: string) => Promise<void>; ended: Promise<unknown> } {
  const program = path.join(__dirname, 'fixtures', 'copy-program.ts');
  const loader = path.join(__dirname, '..', 'support', 'typescript-require.cjs');
  const worker = spawn(process.execPath, ['--require', loader, program, JSON.stringify(input)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = new Set<string>();
  createInterface(worker.stdout).on('line', (line) => lines.add(line));
  return {
    worker,
    said: (line) => eventually(() => Promise.resolve(lines.has(line)), `the copy says ${line}`, 30_000),
    ended: once(worker, 'exit'),
  };
}

/** Everything that works for the copy; not the servers that were there before and stay. */
async function copiers(): Promise<string[]> {
  const all = await processesNaming(folders.root);
  return all.filter((each) => !each.includes('--unix') && !each.startsWith(`${String(source.pid)}:`));
}

test.each(['reading', 'writing', 'window'])(
  'kill -9 of a worker at "%s" ends everything that copied, frees the lock, and the next copy does it all',
  async (moment) => {
    const locks = makeCopyLocks(folders.exportsDirectory);
    const first = startCopy();
    await first.said(moment);
    expect(await locks.isFree(input.volumeId)).toBe(false);
    first.worker.kill('SIGKILL');
    await first.ended;
    await eventually(async () => (await copiers()).length === 0, 'no copier is left');
    await eventually(() => locks.isFree(input.volumeId), 'the lock is free');
    expect(await leftovers(folders.exportsDirectory)).toEqual([]);

    const second = startCopy();
    await second.said('done');
    await second.ended;
    const file = path.join(folders.volumesDirectory, `${input.volumeId}.raw`);
    expect(await sha256OfRange(file, 0, 3 * WINDOW)).toBe(await sha256OfRange(image, 0, 3 * WINDOW));
    expect(await copiers()).toEqual([]);
    expect(await leftovers(folders.exportsDirectory)).toEqual([]);
  },
);

test('kill -9 while tools are just being started leaves none of them', async () => {
  const locks = makeCopyLocks(folders.exportsDirectory);
  for (const delay of [0, 4, 8, 16, 32]) {
    const copy = startCopy();
    await copy.said('window');
    await new Promise((resolve) => setTimeout(resolve, delay));
    copy.worker.kill('SIGKILL');
    await copy.ended;
    await eventually(async () => (await copiers()).length === 0, 'no copier is left');
    expect(await locks.isFree(input.volumeId)).toBe(true);
  }
});
