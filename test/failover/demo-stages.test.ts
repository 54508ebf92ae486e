import { randomBytes, randomUUID } from 'node:crypto';
import { open } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { expectContents, readContents } from '../../client/failover-demo/contents';
import { Expectations } from '../../client/failover-demo/expectations';
import { readMappings } from '../../client/failover-demo/mapping-rows';
import { Narrator } from '../../client/failover-demo/narrator';
import { Player } from '../../client/failover-demo/player';
import { replicate, type Volumes } from '../../client/failover-demo/replicate';
import type { Scene } from '../../client/failover-demo/scene';
import { sideBySide } from '../../client/failover-demo/side-by-side';
import { dieInTheCycle, expectTorn, sourceDies } from '../../client/failover-demo/source-dies';
import { Stage } from '../../client/failover-demo/stage';
import { takeCensus } from '../../stack/census';
import { demoApplianceId } from '../../stack/local-stack';
import { type PathWatcher, watchDevicePaths } from '../../stack/path-watcher';
import { simulatorControl } from '../../stack/simulator-control';
import { type FailoverWorld, startFailoverWorld } from '../support/failover-world';

const MIB = 1_048_576;

/** The parts of `diskferry demo --failover` that no other test plays, on disks that are small. */
let world: FailoverWorld;
let scene: Scene;
let stage: Stage;
let watcher: PathWatcher;
let two: Player;
let six: Player;
const volumes = new Map<Player, Volumes>();
const of = (player: Player): Volumes => volumes.get(player) ?? new Map<number, string>();

beforeAll(async () => {
  world = await startFailoverWorld();
  const narrator = new Narrator(() => undefined);
  scene = {
    replications: world.replications,
    failovers: world.failovers,
    records: world.repositories,
    simulator: simulatorControl(() => world.stack.simulator.controlEndpoint),
    narrator,
    expectations: new Expectations(),
    signal: new AbortController().signal,
  };
  stage = new Stage('test', narrator);
  const { ports, databasePassword } = world.stack.folder;
  watcher = await watchDevicePaths({ port: ports.mariadb, password: databasePassword });
  [two, six] = await Promise.all([player('two', 2), player('six', 6)]);
  await sideBySide(scene, [two, six], async (own, one) => {
    volumes.set(one, await replicate(own, stage, one, false));
  });
}, 120_000);
afterAll(async () => {
  await watcher.stop();
  await Promise.all([two.close(), six.close()]);
  await world.close();
}, 60_000);

/** A boot disk of two windows, so that there is a middle of its copy, and data disks of one. */
async function player(name: string, count: number): Promise<Player> {
  const { folder } = world.stack;
  const disks = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const disk = {
        key: 2000 + index,
        boot: index === 0,
        name: `${name}-${String(index)}`,
        sizeBytes: (index === 0 ? 1024 + 64 : 64) * MIB,
        path: folder.path(`${name}-${String(index)}.raw`),
      };
      const image = await open(disk.path, 'w');
      await image.truncate(disk.sizeBytes);
      await image.write(randomBytes(MIB), 0, MIB, 0);
      await image.close();
      return disk;
    }),
  );
  const one = new Player(folder, { sourceId: 'vcenter-qc', id: randomUUID(), name }, disks);
  await one.serve();
  return one;
}

const replicasOf = (one: Player) => [{ vmId: demoApplianceId, as: 'replica' as const, volumes: of(one) }];

describe('the source dies in the middle of a second cycle', () => {
  test('torn replicas do not come up, the recovery point does; a replication that ends well mends it', async () => {
    volumes.set(six, await sourceDies(scene, stage, six, of(six)));
    await readMappings(scene, six, replicasOf(six));
    expect(scene.expectations.held).toEqual(
      expect.arrayContaining([
        'six: its boot disk is half old and half new',
        'six: a live failover of torn replicas is refused',
        'six: a sandbox of torn replicas does not come up',
        'six: the sandbox comes up, its root holds the bytes of the recovery point',
        'six: disk 2005 holds the bytes of the recovery point',
        'six: disk 2000 holds the bytes of the source',
      ]),
    );
  }, 120_000);

  test('a revert mends it too: the volumes of the point stand for the disks, the torn ones are kept', async () => {
    const before = await two.contents();
    const torn = of(two);
    await dieInTheCycle(scene, two, torn);
    await expectTorn(scene, two, torn, before);
    const started = await scene.failovers.startRevert(two.revert('latest-point'));
    const result = await scene.failovers.result(two.key, started);
    expect(result.state).toBe('reverted');
    const restored = new Map(result.disks.map(({ key, volumeId }) => [key, volumeId ?? '?']));
    expect([...restored.values()].filter((id) => [...torn.values()].includes(id))).toEqual([]);
    expectContents(scene, two, await readContents(scene, restored), before, 'the bytes of the recovery point');
    volumes.set(two, restored);
    await readMappings(scene, two, replicasOf(two));
    for (const id of torn.values()) {
      const kept = await world.repositories.volumes.get(id);
      expect(kept?.keptBecause).toContain(`--delete-volumes ${id}`);
    }
    for (const id of restored.values()) {
      expect((await world.repositories.volumes.get(id))?.verifiedHash).toMatch(/^sha256-1GiB:/);
    }
  }, 120_000);
});

test('a group fails over live: the VM of two disks, reverted before, then the one of six', async () => {
  const expected = new Map([
    [two, await readContents(scene, of(two))],
    [six, await six.contents()],
  ]);
  for (const [one, contents] of expected) {
    await scene.simulator.expectBoot(one.vmName('live'), contents.get(one.boot.key) ?? '?');
  }
  const group = await scene.failovers.groups.start({
    schemaVersion: 1,
    name: 'both',
    stages: [two, six].map((one) => ({ members: [one.failover('live')] })),
  });
  const { members } = await scene.failovers.groups.result('both', group.runId);
  expect(members.map(({ outcome }) => outcome)).toEqual(['ready', 'ready']);
  // The census finds what is there, by name: an empty one means something.
  const left = (await takeCensus(world.stack)).flatMap(({ leftOver }) => leftOver);
  expect(left).toEqual(expect.arrayContaining([two.vmName('live'), six.vmName('live')]));
  const { machines } = await scene.simulator.world();
  for (const [one, contents] of expected) {
    const machine = machines.find(({ name }) => name === one.vmName('live'));
    expect(machine).toMatchObject({ state: 'Running', boot: { up: true } });
    expectContents(scene, one, await readContents(scene, of(one)), contents, 'what was replicated');
    await readMappings(scene, one, [{ vmId: machine?.id ?? '?', as: 'live', volumes: of(one) }]);
  }
  await sideBySide(scene, [two, six], async (own, one) => {
    const back = await own.failovers.startBack(one.failback());
    expect(await own.failovers.result(one.key, back)).toMatchObject({ state: 'returned' });
    await readMappings(own, one, replicasOf(one));
  });
  expect((await takeCensus(world.stack)).filter(({ leftOver }) => leftOver.length > 0)).toEqual([]);
  const watch = await watcher.stop();
  expect(watch.duplicates).toEqual([]);
  expect(watch.asked).toBeGreaterThan(50);
}, 120_000);
