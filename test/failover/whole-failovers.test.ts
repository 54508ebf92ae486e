import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { contentDigest } from '../../simulator/content-digest';
import { demoApplianceId } from '../../stack/local-stack';
import { type PathWatcher, watchDevicePaths } from '../../stack/path-watcher';
import { type SimulatedMachine, type SimulatorControl, simulatorControl } from '../../stack/simulator-control';
import { localSite } from '../../stack/state-folder';
import { type FailoverWorld, startFailoverWorld } from '../support/failover-world';
import { leftovers, nothing, query } from '../support/live-rows';
import { type SourceVm, sourceVm } from '../support/source-vm';
import { until } from '../support/until';

let world: FailoverWorld;
let vm: SourceVm;
let watch: PathWatcher;
let simulator: SimulatorControl;
const key = () => ({ site: localSite, sourceId: 'vcenter-qc', sourceVmId: vm.id });
const name = () => `f-${vm.id.slice(0, 8)}`;

beforeAll(async () => {
  world = await startFailoverWorld();
  vm = await sourceVm(world.stack, 3, { dataMib: 1, sizeMib: 128 });
  const { ports, databasePassword } = world.stack.folder;
  watch = await watchDevicePaths({ port: ports.mariadb, password: databasePassword });
  simulator = simulatorControl(() => world.stack.simulator.controlEndpoint);
}, 120_000);
afterAll(async () => {
  await vm.stop();
  await world.close();
}, 60_000);

const request = (kind: 'test' | 'live', changes: Record<string, unknown> = {}) => ({
  schemaVersion: 1,
  site: localSite,
  source: { id: 'vcenter-qc', vm: vm.id, name: `vm-${vm.id.slice(0, 8)}` },
  appliance: demoApplianceId,
  kind,
  target: {
    name: name(),
    serviceOffering: 'appliance-2c4g',
    template: 'debian-12',
    networks: [{ network: 'l2-admin' }],
  },
  budgets: { stepPause: '200ms', provisioningPause: '200ms' },
  ...changes,
});
const replicate = async (overwrite: boolean) => {
  const started = await world.replications.start(vm.request({ overwrite }));
  const result = await world.replications.result(started.vm, started.runId);
  for (const disk of result.disks) expect(disk.targetHash).toBe(disk.sourceHash);
  return result;
};

const machine = async (): Promise<SimulatedMachine | undefined> =>
  (await simulator.world()).machines.find((candidate) => candidate.name === name() && candidate.state !== 'Expunging');

const snapshots = async () => (await simulator.world()).snapshots;

describe('a VM of three disks', () => {
  test('goes to a sandbox whose lease ends by itself, then live, is written, comes back, and is replicated again', async () => {
    const boot = vm.disks[0]?.path ?? '?';
    await simulator.expectBoot(name(), await contentDigest(boot));
    await replicate(false);
    const before = await leftovers(world.stack);

    // The sandbox: up only if its root holds the bytes of the source's root disk.
    const tested = await world.failovers.start(request('test', { lease: '3s' }));
    await until(async () => (await world.failovers.state(key())).phase === 'running', 60_000);
    expect(await machine()).toMatchObject({ state: 'Running', boot: { up: true } });
    const state = await world.failovers.state(key());
    expect(new Set(state.disks.map((disk) => disk.devicePath)).size).toBe(3);
    expect(await world.failovers.result(key(), tested)).toMatchObject({ state: 'ended' });
    expect(await machine()).toBeUndefined();
    expect(await leftovers(world.stack)).toEqual(before);

    // Live: the replicas themselves move.
    const live = await world.failovers.start(request('live'));
    const gone = await world.failovers.result(key(), live);
    expect(gone.state).toBe('failed_over');
    expect(await machine()).toMatchObject({ state: 'Running', boot: { up: true } });
    const vmId = (await machine())?.id ?? '?';
    expect(gone.disks.map((disk) => disk.devicePath)).toEqual(
      gone.disks.map((disk) => `remote-vm-${vmId}-${disk.volumeId ?? '?'}`),
    );
    expect(gone.disks.map((disk) => disk.deviceId)).toEqual([0, 1, 2]);
    for (const disk of gone.disks) {
      const volumeId = disk.volumeId ?? '?';
      await simulator.guestWrites({ vmId, volumeId, offsetBytes: 5_000_000, text: 'the guest was here' });
    }
    // While it is there, nothing else may have it.
    await expect(replicate(true)).rejects.toMatchObject({ record: { code: 'vm-failed-over' } });

    const back = await world.failovers.startBack({
      schemaVersion: 1,
      site: localSite,
      source: { id: 'vcenter-qc', vm: vm.id, name: `vm-${vm.id.slice(0, 8)}` },
      appliance: demoApplianceId,
      discardWrites: true,
    });
    expect(await world.failovers.result(key(), back)).toMatchObject({ state: 'returned' });
    expect(await machine()).toBeUndefined();
    expect((await leftovers(world.stack)).mappings).toEqual(before.mappings);

    const again = await replicate(true);
    expect(again.disks.map((disk) => disk.volumeId)).toEqual(gone.disks.map((disk) => disk.volumeId));
    const after = await leftovers(world.stack);
    expect(after.devices).toHaveLength(before.devices.length);
    // Kernel names are chance, and CloudStack lists the latest change first.
    expect({ ...after, volumes: [], devices: [] }).toEqual({ ...before, volumes: [], devices: [] });
    const watched = await watch.stop();
    expect(watched.duplicates).toEqual([]);
    expect(watched.asked).toBeGreaterThan(50);

    const volumes = again.disks.map((disk) => disk.volumeId ?? '?');
    const released = await world.stack.diskferry('release', vm.id, '--delete-volumes', ...volumes, '--json');
    expect(released.exitCode).toBe(0);
    expect(await leftovers(world.stack)).toEqual(nothing);

    // The recovery point is all that is left of its data: it is named, and goes when it is told to.
    const { kept } = released.json().at(-1) as { kept: string[] };
    expect(kept).toEqual([expect.stringMatching(/^recovery point [0-9a-f-]{36} .* --delete-points$/)]);
    expect(await snapshots()).toHaveLength(again.disks.length);
    expect((await world.stack.diskferry('release', vm.id, '--delete-points', '--json')).json().at(-1)).toMatchObject({
      kept: [],
    });
    expect(await snapshots()).toEqual([]);
    expect(await query(world.stack, "SELECT id FROM recovery_points WHERE state <> 'gone'")).toEqual([]);
  }, 240_000);
});
