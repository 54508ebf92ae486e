import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { makeDemoSource, makeSixDiskSource, demoVm, sixDiskVm } from '../../stack/demo-source';
import { type Counted, takeCensus } from '../../stack/census';
import { demoApplianceId, type RunningStack } from '../../stack/local-stack';
import { type PathWatch, type PathWatcher, watchDevicePaths } from '../../stack/path-watcher';
import { simulatorControl } from '../../stack/simulator-control';
import type { CommandContext } from '../command-context';
import { contextOnStack, type Demo, type DemoStory, lingerIfAsked } from '../demo-frame';
import { type Session, withSession } from '../session';
import { formatTable } from '../tables';
import { Expectations } from './expectations';
import { failback, liveFailover, type LiveVm } from './live-failover';
import { type Place, readMappings } from './mapping-rows';
import { Narrator } from './narrator';
import { Player } from './player';
import { replicate, type Volumes } from './replicate';
import type { Scene } from './scene';
import { sideBySide } from './side-by-side';
import { sourceDies } from './source-dies';
import { Stage, type StageReport } from './stage';
import { testFailover } from './test-failover';

/** Recovery points and failovers of two VMs, from one end to the other. */
export function failoverStory(context: CommandContext): DemoStory {
  return {
    opening: [
      `Diskferry demo of failovers: ${demoVm.name} (two disks) and ${sixDiskVm.name} (six) are replicated into a simulated CloudStack,`,
      'tested, failed over, taken back and replicated again, with real parts and nobody at the keyboard. Everything listens on',
      "127.0.0.1 only. All the while a watcher asks the job sheet's query for device paths that stand twice.",
    ],
    tell: (stack, demo) =>
      withSession(contextOnStack(context, stack), (session) => tellFailovers(stack, session, demo)),
  };
}

/** What `diskferry demo --failover --json` prints. */
interface FailoverDemoReport {
  readonly demo: 'failover';
  readonly seconds: number;
  readonly stages: readonly StageReport[];
  readonly watcher: PathWatch;
  readonly census: readonly Counted[];
  /** what was expected and seen to hold, in words */
  readonly held: readonly string[];
}

/**
 * Recovery points and failovers from one end to the other, unattended: pgtest1 (two disks) and pgtest2 (six) are replicated, tested,
 * failed over, written to by their guests, taken back and replicated again; then pgtest2's source dies in the middle of a cycle.
 *
 * @throws DiskferryFailure `demo-failed`, naming what did not hold, or that of a run
 */
async function tellFailovers(stack: RunningStack, session: Session, demo: Demo): Promise<FailoverDemoReport> {
  const narrator = new Narrator(demo.say);
  const { signal } = demo.stop;
  const { records, replications, failovers, temporal } = session;
  if (records === undefined) throw new Error('the stack of the demo has a database');
  const simulator = simulatorControl(() => stack.simulator.controlEndpoint);
  const expectations = new Expectations();
  const scene: Scene = { replications, failovers, records, simulator, narrator, expectations, signal };
  const players = await makePlayers(stack, narrator);
  const { ports, databasePassword } = stack.folder;
  const watcher = await watchDevicePaths({ port: ports.mariadb, password: databasePassword });
  try {
    const stages = await play(scene, players, watcher);
    const watch = await watcher.stop();
    expectations.same('no device path ever stood twice', watch.duplicates, []);
    const census = [...(await takeCensus(stack)), await openWorkflows(temporal.client)];
    showEnd(narrator, watch, census, expectations);
    const { seconds } = narrator;
    await lingerIfAsked(demo, [
      `export DISKFERRY_STATE=${demo.directory}`,
      'npx diskferry mappings',
      'npx diskferry points',
      `npx diskferry failover test ${sixDiskVm.id} --service-offering appliance-2c4g --template debian-12 --network l2-admin`,
    ]);
    return { demo: 'failover', seconds, stages, watcher: watch, census, held: expectations.held };
  } finally {
    await watcher.stop().catch(() => undefined);
    for (const player of players) await player.close();
  }
}

async function makePlayers({ folder }: RunningStack, narrator: Narrator): Promise<readonly [Player, Player]> {
  const [two, six] = await Promise.all([
    makeDemoSource(folder.path('source')),
    makeSixDiskSource(folder.path('source')),
  ]);
  const players = [new Player(folder, demoVm, two), new Player(folder, sixDiskVm, six)] as const;
  await Promise.all(players.map((player) => player.serve()));
  narrator.event(
    `the sources are there: ${players.map(({ name, disks }) => `${name} with ${String(disks.length)} disks`).join(', ')}`,
  );
  return players;
}

const STAGES = 6;

async function play(
  scene: Scene,
  players: readonly [Player, Player],
  watcher: PathWatcher,
): Promise<readonly StageReport[]> {
  const { narrator, replications } = scene;
  const [, six] = players;
  const volumes = new Map<Player, Volumes>();
  const lives = new Map<Player, LiveVm>();
  const reports: StageReport[] = [];
  const of = <T>(map: ReadonlyMap<Player, T>, player: Player): T => {
    const value = map.get(player);
    if (value === undefined) throw new Error(`nothing is known of ${player.name}`);
    return value;
  };
  const onAppliance = (player: Player): Place => ({
    vmId: demoApplianceId,
    as: 'replica',
    volumes: of(volumes, player),
  });
  const onLiveVm = (player: Player): Place => ({
    vmId: of(lives, player).vmId,
    as: 'live',
    volumes: of(volumes, player),
  });
  const stage = async (
    title: string,
    work: (stage: Stage) => Promise<unknown>,
    place: (player: Player) => Place = onAppliance,
  ): Promise<void> => {
    narrator.stage(title, STAGES);
    const own = new Stage(title, narrator);
    await work(own);
    const rows = await Promise.all(players.map((player) => readMappings(scene, player, [place(player)])));
    own.table('after this stage', rows.flat());
    reports.push(own.end(watcher));
  };

  const replicateAll = (overwrite: (player: Player) => Promise<boolean>) => async (own: Stage) => {
    await sideBySide(scene, players, async (mine, player) => {
      volumes.set(player, await replicate(mine, own, player, await overwrite(player)));
    });
  };
  await stage(
    'Replicate both VMs, side by side',
    replicateAll(async ({ key }) => (await replications.list({ ...key, limit: 1 })).length > 0),
  );
  await stage('Test failover: sandboxes from fresh snapshots, whose lease ends by itself', (own) =>
    sideBySide(scene, players, async (mine, player) => {
      await testFailover(mine, own, player, of(volumes, player), {
        from: 'replicas',
        contents: await player.contents(),
        as: 'the bytes of the source',
        lease: { endsAfter: '10s' },
      });
    }),
  );
  await stage(
    'Live failover: the replicas become the disks of new VMs, whose guests write',
    (own) =>
      sideBySide(scene, players, async (mine, player) => {
        lives.set(player, await liveFailover(mine, own, player, of(volumes, player)));
      }),
    onLiveVm,
  );
  await stage('Failback: the replicas return to the appliance, with what the guests wrote as a recovery point', (own) =>
    sideBySide(scene, players, (mine, player) => failback(mine, own, player, of(volumes, player), of(lives, player))),
  );
  await stage(
    'Replicate again, over what the guests wrote',
    replicateAll(() => Promise.resolve(true)),
  );
  await stage(`The source of ${six.name} dies in the middle of a second cycle`, async (own) => {
    volumes.set(six, await sourceDies(scene, own, six, of(volumes, six)));
  });
  return reports;
}

/** Temporal shows a workflow as open for a moment after its end. */
const CLOSES_WITHIN_MS = 5_000;

async function openWorkflows(client: Client): Promise<Counted> {
  const deadline = Date.now() + CLOSES_WITHIN_MS;
  for (;;) {
    const open: string[] = [];
    for await (const { workflowId } of client.workflow.list({ query: 'ExecutionStatus = "Running"' })) {
      open.push(workflowId);
    }
    if (open.length === 0 || Date.now() > deadline) {
      return { what: 'workflows at work', where: 'Temporal', found: open.length, belong: 0, leftOver: open };
    }
    await sleep(100);
  }
}

function showEnd(narrator: Narrator, watch: PathWatch, census: readonly Counted[], expectations: Expectations): void {
  narrator.line();
  narrator.line('Census: everything that could be left over');
  const rows = census.map(({ where, what, found, belong, leftOver }) => [
    where,
    what,
    ...[found, belong, leftOver.length].map(String),
  ]);
  narrator.block(formatTable(['WHERE', 'WHAT', 'FOUND', 'BELONG', 'LEFT OVER'], rows, 120).split('\n'), 2);
  const left = census.flatMap(({ what, leftOver }) => leftOver.map((name) => `${what}: ${name}`));
  expectations.same('nothing is left over', left, []);
  narrator.line();
  narrator.line(
    `The watcher asked the job sheet's query ${String(watch.asked)} times, at most ${String(watch.longestGapMs)} ms apart: no device path ever stood twice.`,
  );
  narrator.line(`${String(expectations.held.length)} expectations held, ${narrator.seconds.toFixed(1)} s in all.`);
}
