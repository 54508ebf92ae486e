import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Lifetime, ServerStopped } from '../../simulator/lifetime';
import { copyDisk } from '../../simulator/sparse-copy';
import { temporaryFolder } from '../support/temporary-folder';
import { until } from '../support/until';
import { startOn } from './killable-simulator';
import { simulatedSite } from './simulated-site';
import type { Caller, Fields, SimulatedSite } from './simulated-site';
import {
  makeFile,
  read,
  readFrom,
  snapshot,
  snapshotFile,
  snapshots,
  storedVolume,
  used,
  volumeFile,
  write,
} from './snapshot-calls';

const APPLIANCE = '1c266316-503d-451d-9392-9585a6fcba41';
const MIB = 1024 ** 2;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

describe('a snapshot cut off by the end of the server', () => {
  let site: SimulatedSite | undefined;
  afterEach(async () => {
    await site?.close();
    site = undefined;
  });

  /** The state that a kill would leave: rows as they are, and half a copy. */
  async function stopInTheMiddle(attached: boolean): Promise<{ volume: string; taken: string; jobId: string }> {
    site = await simulatedSite({ stateDirectory: folder.path, timings: { snapshotMs: 60_000 } });
    const volume = await storedVolume(site, 'cut', APPLIANCE, attached);
    write(site, volume, 'data');
    const { content } = await site.admin.call('createSnapshot', { volumeid: volume });
    const taken = content.id ?? '';
    await until(async () => (await site?.admin.volume(volume))?.state === 'Snapshotting');
    await site.close();
    return { volume, taken, jobId: content.jobid ?? '' };
  }

  test.each([true, false])('in the middle (attached: %s): half a copy is never taken for whole', async (attached) => {
    const { volume, taken, jobId } = await stopInTheMiddle(attached);
    makeFile(join(folder.path, 'volumes', `${volume}.raw.unfinished`), MIB);
    appendFileSync(join(folder.path, 'volumes', `${volume}.raw.unfinished`), 'half');
    const snapshotFolder = join(folder.path, 'snapshots');
    mkdirSync(snapshotFolder, { recursive: true });
    writeFileSync(join(snapshotFolder, `${taken}.raw.unfinished`), 'half');
    site = await simulatedSite({ stateDirectory: folder.path });
    const job = await site.admin.job(jobId);
    expect(job).toMatchObject({ jobstatus: 2, jobresultcode: 530 });
    expect(job).not.toHaveProperty('jobresult');
    expect((await site.admin.volume(volume))?.state).toBe('Ready');
    expect((await snapshots(site.admin, { id: taken }))[0]?.state).toBe('Error');
    expect(readdirSync(join(folder.path, 'volumes')).filter((name) => name.includes('unfinished'))).toEqual([]);
    expect(existsSync(snapshotFile(site, taken))).toBe(false);
    // Nothing is left in the way of a new one, and the failed one can be deleted.
    expect((await site.admin.run('deleteSnapshot', { id: taken })).jobstatus).toBe(1);
    expect(
      readFileSync(snapshotFile(site, await snapshot(site, volume)))
        .subarray(0, 4)
        .toString(),
    ).toBe('data');
  });

  test('one that was kept and only waited for its backup is whole after the restart', async () => {
    site = await simulatedSite({ timings: { backupMs: 60_000 } });
    const volume = await storedVolume(site, 'kept', APPLIANCE);
    write(site, volume, 'data');
    const job = await site.admin.run('createSnapshot', { volumeid: volume });
    expect(job.jobresult).toMatchObject({ snapshot: { state: 'Allocated' } });
    await site.control('POST', '/restart');
    expect((await snapshots(site.admin, { volumeid: volume }))[0]?.state).toBe('BackedUp');
    const made = await site.admin.run('createVolume', { name: 'from', snapshotid: job.jobinstanceid ?? '' });
    expect(read(site, made.jobinstanceid ?? '', 4)).toBe('data');
  });

  test('a volume whose filling was cut off is Allocated and without data', async () => {
    site = await simulatedSite({ timings: { storeMs: 60_000 } });
    const source = await site.newVolume('source');
    await site.control('POST', '/timings', { storeMs: 0 });
    await site.admin.run('attachVolume', { id: source, virtualmachineid: APPLIANCE });
    const taken = await snapshot(site, source);
    await site.control('POST', '/timings', { storeMs: 60_000 });
    const { content } = await site.admin.call('createVolume', { name: 'cut', snapshotid: taken });
    const id = content.id ?? '';
    await until(async () => (await site?.admin.volume(id))?.state === 'Creating');
    // Killed between the bytes and the row that says so.
    makeFile(volumeFile(site, id), MIB);
    await site.control('POST', '/restart');
    expect((await site.admin.volume(id))?.state).toBe('Allocated');
    expect(existsSync(volumeFile(site, id))).toBe(false);
  });

  test('reset takes snapshots and their bytes away', async () => {
    site = await simulatedSite();
    const taken = await snapshot(site, await storedVolume(site, 'gone', APPLIANCE));
    await site.control('POST', '/reset');
    expect(existsSync(snapshotFile(site, taken))).toBe(false);
    expect(await snapshots(site.admin, { listall: 'true' })).toEqual([]);
  });
});

describe('a snapshot cut off by kill -9', () => {
  test('has failed after the next start; its volume is Ready with its data, and the job has no result', async () => {
    const first = await startOn(folder.path);
    try {
      await first.control('POST', '/timings', { snapshotMs: 60_000 });
      const [zone, offering] = [
        await idOf(first.admin, 'listZones', 'zone'),
        await idOf(first.admin, 'listDiskOfferings', 'diskoffering', { name: 'replica-custom' }),
      ];
      const made = { name: 'killed', size: '1', zoneid: zone, diskofferingid: offering };
      const volumeid = (await first.admin.run('createVolume', made)).jobinstanceid ?? '';
      await first.admin.run('attachVolume', { id: volumeid, virtualmachineid: APPLIANCE });
      const file = join(folder.path, 'volumes', `${volumeid}.raw`);
      const descriptor = openSync(file, 'r+');
      writeSync(descriptor, 'data', 0);
      closeSync(descriptor);
      const { content } = await first.admin.call('createSnapshot', { volumeid });
      await until(async () => (await first.admin.volume(volumeid))?.state === 'Snapshotting');
      await first.kill();
      const second = await startOn(folder.path);
      try {
        const job = await second.admin.job(content.jobid);
        expect(job).toMatchObject({ jobstatus: 2, jobresultcode: 530 });
        expect(job).not.toHaveProperty('jobresult');
        expect(await second.admin.volume(volumeid)).toMatchObject({ state: 'Ready', virtualmachineid: APPLIANCE });
        expect(await snapshots(second.admin, { volumeid })).toMatchObject([{ id: content.id, state: 'Error' }]);
        expect(readFrom(file, 4)).toBe('data');
      } finally {
        await second.kill();
      }
    } finally {
      await first.kill();
    }
  }, 60_000);

  async function idOf(admin: Caller, command: string, key: string, more: Fields = {}): Promise<string> {
    const { content } = await admin.call(command, more);
    return (content[key] as { id: string }[])[0]?.id ?? '';
  }
});

describe('copying a disk', () => {
  test('property: a copy has the bytes and holes of the disk, and is grown or cut to its size', async () => {
    const [from, to] = [join(folder.path, 'from.raw'), join(folder.path, 'to.raw')];
    const extent = fc.record({
      at: fc.nat(15),
      length: fc.integer({ min: 1, max: 3000 }),
      byte: fc.integer({ min: 1, max: 255 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(extent, { maxLength: 8 }),
        fc.integer({ min: 8, max: 24 }),
        async (extents, mebibytes) => {
          const disk = Buffer.alloc(16 * MIB);
          makeFile(from, disk.length);
          const descriptor = openSync(from, 'r+');
          for (const { at, length, byte } of extents) {
            disk.fill(byte, at * MIB, at * MIB + length);
            writeSync(descriptor, Buffer.alloc(length, byte), 0, length, at * MIB);
          }
          closeSync(descriptor);
          const size = mebibytes * MIB;
          await copyDisk(new Lifetime(), from, to, size);
          const expected = Buffer.alloc(size);
          disk.copy(expected, 0, 0, Math.min(size, disk.length));
          expect(readFileSync(to).equals(expected)).toBe(true);
          expect(used(to)).toBeLessThanOrEqual(used(from) + 64 * 1024);
        },
      ),
      { numRuns: 15 },
    );
  }, 60_000);

  test('of 4 GiB with 50 MiB of data copies the data alone', async () => {
    const [from, to] = [join(folder.path, 'large.raw'), join(folder.path, 'copy.raw')];
    makeFile(from, 4096 * MIB);
    appendFileSync(from, Buffer.alloc(50 * MIB, 7));
    await copyDisk(new Lifetime(), from, to, 4146 * MIB);
    expect(used(to)).toBeLessThan(60 * MIB);
  });

  test('does not appear when the server ends meanwhile', async () => {
    const [from, to] = [join(folder.path, 'from.raw'), join(folder.path, 'to.raw')];
    makeFile(from, MIB);
    const lifetime = new Lifetime();
    const copying = copyDisk(lifetime, from, to, MIB);
    lifetime.stop({ hypervisorFinishes: false });
    await expect(copying).rejects.toBeInstanceOf(ServerStopped);
    expect(readdirSync(folder.path)).toEqual(['from.raw']);
  });
});
