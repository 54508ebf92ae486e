import type { FailoverState } from '../../domain/failover-state';
import { demoApplianceId } from '../../stack/local-stack';
import type { SimulatedMachine } from '../../stack/simulator-control';
import { type Contents, expectContents, readContents } from './contents';
import { followRun } from './follow-run';
import { readMappings } from './mapping-rows';
import type { Player } from './player';
import type { Volumes } from './replicate';
import type { Scene } from './scene';
import type { Stage } from './stage';

export interface TestFailoverPlan {
  readonly from: 'replicas' | 'latest-point';
  /** what the sandbox's disks must hold, and what that is, in words */
  readonly contents: Contents;
  readonly as: string;
  /** how it ends: by itself when the lease is over, or because somebody says so */
  readonly lease: { readonly endsAfter: string } | 'ended by hand';
}

/** A sandbox that comes up only with the right bytes on its root, looked at while it is there, and gone without a trace. */
export async function testFailover(
  scene: Scene,
  stage: Stage,
  player: Player,
  volumes: Volumes,
  { from, contents, as, lease }: TestFailoverPlan,
): Promise<void> {
  const { failovers, narrator, expectations, simulator } = scene;
  const name = player.vmName('test');
  await simulator.expectBoot(name, contents.get(player.boot.key) ?? 'nothing');
  const started = await failovers.start(
    player.failover('test', { from, lease: lease === 'ended by hand' ? '1h' : lease.endsAfter }),
  );
  const end = failovers.result(player.key, started);
  const up = await sandboxUp(scene, player, end);
  const machine = await sandbox(scene, player);
  expectations.hold(
    `${player.name}: the sandbox comes up, its root holds ${as}`,
    machine?.boot.up === true,
    machine?.boot.reason ?? `no VM ${name}`,
  );
  const vmId = machine?.id ?? '';
  narrator.event(`the sandbox ${name} (${vmId}) is up: ${machine?.boot.reason ?? ''}`, player.name);
  const own = volumesOf(up);
  // First what is gone when the lease is over.
  const rows = await readMappings(scene, player, [
    { vmId: demoApplianceId, as: 'replica', volumes },
    { vmId, as: 'test', volumes: own },
  ]);
  const found = await readContents(scene, own);
  stage.table(`of ${player.name} while its sandbox is up; the replicas stay where they are`, rows);
  stage.hashes(expectContents(scene, player, found, contents, as));

  if (lease === 'ended by hand') await failovers.endTest(player.key);
  await followRun(scene, player, { ask: () => failovers.state(player.key), end });
  const result = await end;
  expectations.same(
    `${player.name}: the test ends, and nothing is kept of it`,
    [result.state, ...result.kept],
    ['ended'],
  );
  const left = await sandbox(scene, player);
  expectations.hold(`${player.name}: the sandbox is gone`, left === undefined, `${name} is ${left?.state ?? ''}`);
  narrator.event(
    lease === 'ended by hand'
      ? 'the test was ended, the sandbox is gone'
      : `the lease of ${lease.endsAfter} ended by itself, the sandbox is gone`,
    player.name,
  );
}

/** Follows a test until its sandbox is up, whatever its guest makes of it. */
export async function sandboxUp(scene: Scene, player: Player, end: Promise<unknown>): Promise<FailoverState> {
  const up = await followRun(scene, player, {
    ask: () => scene.failovers.state(player.key),
    end,
    until: ({ phase }) => phase === 'running',
  });
  return up ?? scene.expectations.fail(`${player.name}: the sandbox is there for a while`, 'the test has ended');
}

/** The VM of a test as CloudStack has it; undefined when there is none. */
export async function sandbox({ simulator }: Scene, player: Player): Promise<SimulatedMachine | undefined> {
  const { machines } = await simulator.world();
  return machines.find(({ name }) => name === player.vmName('test'));
}

function volumesOf({ disks }: FailoverState): Volumes {
  return new Map(disks.map(({ key, volumeId }) => [key, volumeId ?? 'none']));
}
