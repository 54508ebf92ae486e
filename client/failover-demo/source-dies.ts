import { GIB } from '../../domain/sizes';
import { type Contents, readContents } from './contents';
import { followRun } from './follow-run';
import type { Player } from './player';
import { copiedBytes, replicate, type Volumes } from './replicate';
import type { Scene } from './scene';
import type { Stage } from './stage';
import { sandbox, sandboxUp, testFailover } from './test-failover';

/** Slow enough to be met in the middle of the boot disk, whose end holds what its source wrote last. */
const READ_DELAY_MS = 20;

/**
 * The moment that recovery points are for: the source dies while a second cycle writes over the replicas. They are torn, and what
 * is made of them does not come up; what is made of the recovery point does. When the source is back the VM is replicated again.
 */
export async function sourceDies(scene: Scene, stage: Stage, player: Player, volumes: Volumes): Promise<Volumes> {
  const { narrator } = scene;
  const before = await player.contents();
  await dieInTheCycle(scene, player, volumes);
  await expectTorn(scene, player, volumes, before);
  await tornDoesNotComeUp(scene, player, before);
  await testFailover(scene, stage, player, volumes, {
    from: 'latest-point',
    contents: before,
    as: 'the bytes of the recovery point',
    lease: 'ended by hand',
  });
  await player.serve();
  narrator.event('the source is back', player.name);
  return await replicate(scene, stage, player, true);
}

/** The second cycle, cut off in its middle: held until somebody cancels it. */
export async function dieInTheCycle(scene: Scene, player: Player, volumes: Volumes): Promise<void> {
  const { replications, expectations, narrator } = scene;
  await player.goOnWorking();
  await player.serve(READ_DELAY_MS);
  narrator.event('the source VM has written to all its disks; its second cycle begins', player.name);
  const started = await replications.start(player.replication({ overwrite: true, stepAttempts: 1 }));
  const end = replications.result(player.key, started.runId);
  const ask = () => replications.state(player.key);
  const root = volumes.get(player.boot.key);
  let watermark = 0;
  await followRun(scene, player, {
    ask,
    end,
    everyMs: 50,
    until: async ({ phase }) => {
      watermark = await copiedBytes(scene, root, started.runId);
      return phase === 'copying' && watermark >= GIB;
    },
  });
  await player.die();
  narrator.event(
    `the source dies: ${String(watermark / GIB)} of ${String(player.boot.sizeBytes / GIB)} GiB of the boot disk are copied`,
    player.name,
  );
  const held = await followRun(scene, player, { ask, end, until: ({ phase }) => phase === 'held' });
  const cause = held?.disks.find(({ lastFailure }) => lastFailure !== undefined)?.lastFailure?.message;
  expectations.hold(
    `${player.name}: a cycle whose source died waits for somebody`,
    cause !== undefined,
    'no disk is held',
  );
  narrator.event(cause ?? '', player.name);
  await replications.cancel(player.key, { keepVolumes: true });
  const result = await end;
  expectations.same(`${player.name}: the broken cycle is cancelled`, [result.state], ['cancelled']);
}

/** Torn for the database, for the bytes, and for a live failover. */
export async function expectTorn(scene: Scene, player: Player, volumes: Volumes, before: Contents): Promise<void> {
  const { records, failovers, expectations, narrator } = scene;
  const key = player.boot.key;
  const root = await records.volumes.get(volumes.get(key) ?? 'none');
  expectations.same(
    `${player.name}: its boot disk counts as verified no longer`,
    [root?.verifiedHash ?? 'no hash'],
    ['no hash'],
  );
  const [found, now] = await Promise.all([readContents(scene, volumes), player.contents()]);
  expectations.hold(
    `${player.name}: its boot disk is half old and half new`,
    found.get(key) !== before.get(key) && found.get(key) !== now.get(key),
    found.get(key) === now.get(key) ? 'all of it is new' : 'all of it is old',
  );
  narrator.event('torn: its boot disk is neither what it was nor what it is', player.name);
  const started = await failovers.start(player.failover('live'));
  const refused = await failovers.result(player.key, started).then(
    ({ state }) => state,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  expectations.hold(
    `${player.name}: a live failover of torn replicas is refused`,
    refused.includes('is not verified'),
    refused,
  );
  narrator.event(`a live failover is refused: ${refused}`, player.name);
}

/** The control: a sandbox of the torn replicas, taken against all advice. CloudStack says that it runs; its guest is not up. */
async function tornDoesNotComeUp(scene: Scene, player: Player, before: Contents): Promise<void> {
  const { failovers, expectations, narrator, simulator } = scene;
  await simulator.expectBoot(player.vmName('test'), before.get(player.boot.key) ?? 'nothing');
  const started = await failovers.start(
    player.failover('test', { allowUnverified: 'the demo shows that torn replicas do not come up', lease: '1h' }),
  );
  const end = failovers.result(player.key, started);
  await sandboxUp(scene, player, end);
  const machine = await sandbox(scene, player);
  expectations.hold(
    `${player.name}: a sandbox of torn replicas does not come up`,
    machine?.state === 'Running' && !machine.boot.up,
    machine === undefined ? 'no sandbox' : machine.boot.reason,
  );
  narrator.event(`a sandbox of the torn replicas does not come up: ${machine?.boot.reason ?? ''}`, player.name);
  await failovers.endTest(player.key);
  await followRun(scene, player, { ask: () => failovers.state(player.key), end });
}
