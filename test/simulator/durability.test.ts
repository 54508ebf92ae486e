import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { run } from '../../client/commands/simulator';
import { byIdLinkNames } from '../../domain/names';
import { startSimulator } from '../../simulator/start';
import { temporaryFolder } from '../support/temporary-folder';
import { until } from '../support/until';
import { startKillable, startOn } from './killable-simulator';
import type { KillableSimulator } from './killable-simulator';
import { quickTimings } from './simulated-site';
import type { Caller, Volume } from './simulated-site';

const VIRTIO = '1c266316-503d-451d-9392-9585a6fcba41';
const SCSI = '7d0f4a52-6c1e-4f0b-8a55-2b1f3c9e6d42';
const ROUNDS = 6;
const LANES = 4;

/** What a lane was told of a volume of its own, by the last answer; `unsure` while a request is underway. */
interface Told {
  readonly name: string;
  readonly vm?: string;
  readonly tag?: string;
  readonly gone?: true;
  readonly unsure?: true;
}

interface Census {
  readonly volumes: readonly { readonly id: string; readonly virtualMachineId: string | null }[];
  readonly machines: readonly {
    readonly id: string;
    readonly plugged: readonly string[];
    readonly devices: readonly { readonly kernelName: string; readonly links: readonly string[] }[];
  }[];
  readonly pendingJobs: readonly unknown[];
}

describe('killed at any moment', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let running: KillableSimulator | undefined;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(async () => {
    await running?.kill();
    await folder.remove();
  });

  test('what was answered is there, and nothing contradicts itself', async () => {
    const told = new Map<string, Told>();
    running = await startOn(folder.path);
    for (let round = 0; round < ROUNDS; round += 1) {
      await running.control('POST', '/timings', quickTimings);
      const caller = running.admin;
      const site = await siteOf(caller);
      const lanes = Array.from({ length: LANES }, (_, lane) => {
        const name = `r${String(round)}-l${String(lane)}`;
        return workUntilCut(caller, site, name, lane % 2 === 0 ? VIRTIO : SCSI, told);
      });
      await pause(100 + Math.random() * 700);
      await running.kill();
      await Promise.all(lanes);
      running = await startOn(folder.path);
      await expectTold(running.admin, told);
      await expectConsistent(running, folder.path);
    }
    expect([...told.values()].filter((volume) => volume.unsure !== true).length).toBeGreaterThan(ROUNDS);
  }, 120_000);
});

test('when a change cannot be written, nobody is answered and the simulator ends', async () => {
  const folder = await temporaryFolder();
  const full = await startOn(folder.path, { largestFileKib: 64 });
  let roomy: KillableSimulator | undefined;
  try {
    const site = await siteOf(full.admin);
    const answered: string[] = [];
    await expect(async () => {
      for (;;) answered.push((await full.admin.call('createVolume', { name: 'full', ...site })).content.id!);
    }).rejects.toThrow('fetch failed');
    expect(await full.ended).toMatchObject({ code: 1, errors: expect.stringContaining('EFBIG') });
    roomy = await startOn(folder.path);
    const kept = new Set((await roomy.admin.volumes({ name: 'full' })).map((volume) => volume.id));
    expect(answered.length).toBeGreaterThan(20);
    expect(answered.filter((id) => !kept.has(id))).toEqual([]);
  } finally {
    await roomy?.kill();
    await full.kill();
    await folder.remove();
  }
});

describe('a state folder', () => {
  test('is for one simulator: a second one names the process that has it, and starts once that was killed', async () => {
    const folder = await temporaryFolder();
    const first = await startOn(folder.path);
    try {
      const second = await startKillable(folder.path);
      expect(second).toMatchObject({
        code: 1,
        errors: expect.stringContaining(
          `a simulator runs already on ${folder.path}, as process ${String(first.child.pid)}: stop that one (kill ${String(first.child.pid)}), or use another state folder`,
        ),
      });
      expect((await first.admin.call('listZones')).status).toBe(200);
      await first.kill();
      await (await startOn(folder.path)).kill();
    } finally {
      await first.kill();
      await folder.remove();
    }
  });

  test('is free again after a simulator in the same process was closed, and after a start that failed', async () => {
    const folder = await temporaryFolder();
    try {
      await expect(startSimulator({ stateDirectory: folder.path, world: '/nowhere.json' })).rejects.toThrow(RangeError);
      const simulator = await startSimulator({ stateDirectory: folder.path, world: 'demo' });
      await expect(startSimulator({ stateDirectory: folder.path })).rejects.toThrow('a simulator runs already on');
      await expect(run({ state: folder.path, listen: '127.0.0.1:0' })).rejects.toThrow(
        `The state folder ${folder.path} is in use by process ${String(process.pid)}`,
      );
      await simulator.close();
      await (await startSimulator({ stateDirectory: folder.path })).close();
    } finally {
      await folder.remove();
    }
  });
});

async function siteOf(admin: Caller): Promise<{ zoneid: string; diskofferingid: string; size: string }> {
  const [zone] = (await admin.call('listZones')).content['zone'] as { id: string }[];
  const named = await admin.call('listDiskOfferings', { name: 'replica-custom' });
  const [offering] = named.content['diskoffering'] as { id: string }[];
  return { zoneid: zone!.id, diskofferingid: offering!.id, size: '1' };
}

/** Makes volumes, tags, attaches, detaches and deletes them, one after another, until the connection is cut. */
async function workUntilCut(
  admin: Caller,
  site: { zoneid: string; diskofferingid: string; size: string },
  prefix: string,
  vm: string,
  told: Map<string, Told>,
): Promise<void> {
  try {
    for (let count = 0; ; count += 1) {
      const name = `${prefix}-${String(count)}`;
      const { content } = await admin.call('createVolume', { name, ...site });
      const id = content.id!;
      const step = async (command: string, parameters: Record<string, string>, then: Told): Promise<void> => {
        told.set(id, { ...told.get(id)!, unsure: true });
        const job = await admin.run(command, parameters);
        if (job.jobstatus !== 1) throw new Error(JSON.stringify(job));
        told.set(id, then);
      };
      told.set(id, { name });
      await admin.job(content.jobid);
      const tag = { resourcetype: 'Volume', resourceids: id, 'tags[0].key': 'lane', 'tags[0].value': name };
      await step('createTags', tag, { name, tag: name });
      await step('attachVolume', { id, virtualmachineid: vm }, { name, tag: name, vm });
      // A VM takes 32 disks: each lane leaves one of a round where it is.
      if (count === 0) continue;
      await step('detachVolume', { id }, { name, tag: name });
      told.set(id, { ...told.get(id)!, unsure: true });
      if ((await admin.call('deleteVolume', { id })).status === 200) told.set(id, { name, gone: true });
    }
  } catch (error) {
    // fetch says so when the other end is gone (its TypeError is not jest's); anything else is a failure of the test.
    if ((error as Error).name !== 'TypeError') throw error;
  }
}

async function expectTold(admin: Caller, told: ReadonlyMap<string, Told>): Promise<void> {
  for (const [id, { name, vm, tag, gone, unsure }] of told) {
    if (unsure === true) continue;
    const volume = await admin.volume(id);
    if (gone === true) expect(volume).toBeUndefined();
    else {
      expect(volume).toMatchObject({ id, name });
      expect(volume?.virtualmachineid).toBe(vm);
      expect(volume?.tags.map((each) => each.value)).toEqual(tag === undefined ? [] : [tag]);
    }
  }
}

async function expectConsistent(simulator: KillableSimulator, folder: string): Promise<void> {
  const { admin } = simulator;
  const world = async (): Promise<Census> => (await simulator.control('GET', '/world')) as Census;
  expect((await world()).pendingJobs).toEqual([]);
  const all = await admin.volumes({ listall: 'true' });
  expect(all.length).toBe((await world()).volumes.length);
  // Each index gives what a look at every row gives.
  const ids = (volumes: readonly Volume[]) => volumes.map((volume) => volume.id).sort();
  for (const vm of [VIRTIO, SCSI]) {
    const attached = all.filter((volume) => volume.virtualmachineid === vm);
    expect(ids(await admin.volumes({ virtualmachineid: vm }))).toEqual(ids(attached));
    const devices = attached.map((volume) => volume.deviceid);
    expect(new Set(devices).size).toBe(devices.length);
  }
  for (const volume of all.slice(-20)) {
    expect(ids(await admin.volumes({ name: volume.name, listall: 'true' }))).toEqual([volume.id]);
    const [tag] = volume.tags;
    if (tag === undefined) continue;
    const tagged = await admin.volumes({ 'tags[0].key': tag.key, 'tags[0].value': tag.value, listall: 'true' });
    expect(ids(tagged)).toEqual([volume.id]);
  }
  await until(async () => (await world()).machines.every(guestShowsWhatIsPlugged));
  for (const table of ['volumes', 'machines', 'accounts']) {
    const numbers = [...lastRows(folder, table).values()].map((row) => row.number);
    expect(new Set(numbers).size).toBe(numbers.length);
  }
}

function guestShowsWhatIsPlugged({ id, plugged, devices }: Census['machines'][number]): boolean {
  const links = plugged.map((volume) => byIdLinkNames(volume)[id === SCSI ? 1 : 0]).sort();
  const shown = devices.flatMap((device) => device.links).sort();
  return devices.length === plugged.length && JSON.stringify(shown) === JSON.stringify(links);
}

/** The rows of a table as the journal tells them. */
function lastRows(folder: string, table: string): Map<string, { number: number }> {
  const rows = new Map<string, { number: number }>();
  const lines = readFileSync(join(folder, 'state.journal'), 'utf8').split('\n');
  expect(lines.pop()).toBe('');
  for (const line of lines) {
    const [name, row, removed] = JSON.parse(line) as [string, { id: string; number: number } | null, string?];
    if (name !== table) continue;
    if (row === null) rows.delete(removed!);
    else rows.set(row.id, row);
  }
  return rows;
}
