import { setTimeout as pause } from 'node:timers/promises';
import { contentDigest } from '../../../simulator/content-digest';
import { DiskferryFailure } from '../../../domain/failures';
import type { StartedFailover } from '../../../client/start-failover';
import { startFailoverWorld } from '../../support/failover-world';
import { failoverVmName, keyOf } from '../../support/failover-requests';
import { sourceVm } from '../../support/source-vm';
import { type Case, type Catalogue, type Fault, type Heard, switchesOf } from '../cases';
import type { Proving, Verdict } from '../area';
import { standing } from './judge';
import { type Look, look } from './look';
import { proofHooks, sourceStarts } from './proof-hooks';
import { type Scenario, type Situation, type Subject, allowedBy, scenarios, startBack, startLive } from './scenarios';
import { differences, onTheFailoverVm } from './standing';

/** A whole failover takes two seconds here; what hangs is told apart from what pauses. */
const RUN_MS = 90_000;
const LOOK_MS = 200;
const stuck = new Set(['held', 'needs_attention']);

/** What an operator does with a run that is held beyond its point of no return. */
type WayOut = 'retry' | 'back';

interface Ran {
  /** the last word, or `held` when the run waits for an operator */
  readonly end: string;
  readonly failure?: string;
}

/** Starts a world and a VM of two disks, replicated, in which cases are run one after another. */
export async function startFailoverProving(): Promise<Proving> {
  const world = await startFailoverWorld(proofHooks);
  const vm = await sourceVm(world.stack, 2, { dataMib: 1, sizeMib: 128 });
  const subject = { world, vm, key: keyOf(vm) };
  await world.control.expectBoot(failoverVmName(vm), await contentDigest(vm.disks[0]?.path ?? '?'));
  await replicate(subject, false);
  const runner = new FailoverRunner(subject);
  return {
    catalogue: () => runner.catalogue(),
    run: (one) => runner.run(one),
    suits: (one) => scenarioOf(one).from === runner.situation,
    close: async () => {
      await vm.stop();
      await world.close();
    },
  };
}

function scenarioOf({ scenario }: Pick<Case, 'scenario'>): Scenario {
  const found = scenarios.find(({ name }) => name === scenario);
  if (found === undefined) throw new RangeError(`there is no scenario ${scenario}`);
  return found;
}

async function replicate({ world, vm }: Subject, overwrite: boolean): Promise<void> {
  const started = await world.replications.start(vm.request({ overwrite }));
  await world.replications.result(started.vm, started.runId);
}

class FailoverRunner {
  #situation: Situation = 'verified';
  #writes = 0;

  constructor(private readonly subject: Subject) {}

  get situation(): Situation {
    return this.#situation;
  }

  /** Runs each scenario once unhindered, and tells what was heard. @throws Error when one ends otherwise than it says */
  async catalogue(): Promise<Catalogue> {
    const found: Record<string, Heard> = {};
    for (const scenario of scenarios) {
      const { problems, heard } = await this.#judged(scenario, undefined, 'retry');
      if (problems.length > 0) throw new Error(`${scenario.name}, unhindered: ${problems.join('; ')}`);
      found[scenario.name] = { ...heard, ...(scenario.only !== undefined && { only: scenario.only }) };
    }
    return found;
  }

  /** Runs one case; one that is held is run again, to leave it the other way. */
  async run(one: Case): Promise<Verdict> {
    const scenario = scenarioOf(one);
    const begun = Date.now();
    const ends: string[] = [];
    const problems: string[] = [];
    const effects = new Set<string>();
    try {
      const first = await this.#judged(scenario, one.fault, 'retry');
      const both = first.held && scenario.ends === 'failed_over' && first.problems.length === 0;
      for (const run of [first, ...(both ? [await this.#judged(scenario, one.fault, 'back')] : [])]) {
        ends.push(run.end);
        problems.push(...run.problems);
        for (const effect of run.heard.effects) effects.add(effect);
      }
    } catch (error) {
      problems.push(String(error));
    }
    return { id: one.id, ends, problems, seconds: (Date.now() - begun) / 1000, effects: [...effects] };
  }

  /** One run with at most one fault, and where it left the VM. */
  async #judged(
    scenario: Scenario,
    fault: Fault | undefined,
    wayOut: WayOut,
  ): Promise<{ end: string; held: boolean; problems: string[]; heard: Heard }> {
    const { subject } = this;
    const { world } = subject;
    await this.#bring(scenario.from);
    if (scenario.from === 'verified') await this.#havePoint(scenario.verifiedPoint === true);
    if (scenario.hooks === true) await sourceStarts(world.stack.folder.directory);
    const before = await look(world, subject.key);
    const hindrance = await this.#hinder(scenario, fault);
    const listening = world.listen();
    await world.control.forgetRequests();

    const started = await scenario.start(subject);
    let ran = await this.#end(scenario, started);
    const effects = listening.stop();
    const calls = await this.#calls();
    const notReached = await hindrance.lift();
    const held = stuck.has(ran.end);
    const words = [ran.end];
    if (held) {
      ran = await this.#leave(scenario, started, wayOut);
      words.push(`${wayOut}: ${ran.end}`);
    }

    const after = await look(world, subject.key);
    const problems = judge(scenario, fault, ran, before, after);
    if (notReached) problems.push('what was to go wrong was never reached');
    await this.#note(after);
    if (after.removing.length > 0 && problems.length === 0) problems.push(...(await this.#nextRunRemoves()));
    return { end: words.join(', then '), held, problems, heard: { effects, calls } };
  }

  /** Waits for the end of a run, or until it waits for an operator. */
  async #end({ cancelledIn }: Scenario, started: StartedFailover): Promise<Ran> {
    const { world, key } = this.subject;
    const ended: { ran?: Ran } = {};
    const result = world.failovers.result(key, started).then(
      ({ state }) => {
        ended.ran = { end: state };
      },
      (error: unknown) => {
        const code = error instanceof DiskferryFailure ? error.code : 'no failure of ours';
        ended.ran = { end: code, failure: String(error) };
      },
    );
    const deadline = Date.now() + RUN_MS;
    let cancelled = false;
    while (ended.ran === undefined) {
      await Promise.race([result, pause(LOOK_MS)]);
      // The table, not the workflow's state: a query is work for the worker that is proven.
      const row = (await world.repositories.failovers.list({ ...key, limit: 10 })).find(
        ({ firstRunId }) => firstRunId === started.runId,
      );
      if (row === undefined) continue;
      if (row.phase === cancelledIn && !cancelled) {
        cancelled = true;
        await world.failovers.cancel(key);
      }
      if (stuck.has(row.phase)) return { end: row.phase, failure: row.failure?.message ?? '' };
      if (Date.now() > deadline) throw new Error(`it did not end: ${JSON.stringify(row)}`);
    }
    return ended.ran;
  }

  /** An operator gets a held run to an end. */
  async #leave(scenario: Scenario, started: StartedFailover, wayOut: WayOut): Promise<Ran> {
    const { subject } = this;
    const { world, key } = subject;
    if (wayOut === 'retry') {
      await world.failovers.retryNow(key);
      return await this.#end(scenario, started);
    }
    await world.failovers.abandon(key);
    const { state } = await world.failovers.result(key, started);
    if (state !== 'failed_over') throw new Error(`given up, it ended as ${state}`);
    return await this.#end(scenario, await startBack(subject));
  }

  async #hinder(scenario: Scenario, fault: Fault | undefined): Promise<{ lift(): Promise<boolean> }> {
    const { world } = this.subject;
    const own = scenario.switches ?? [];
    const switches = fault?.kind === 'call' ? switchesOf(fault) : [];
    if (own.length + switches.length > 0) await world.control.fault(...own, ...switches);
    const cut = fault?.kind === 'cut' ? world.cutOff(fault.effect, fault.side) : undefined;
    return {
      lift: async () => {
        const hits = (await world.control.faultHits()).slice(own.length);
        await world.control.clearFaults();
        cut?.lift();
        return cut?.reached() === false || (switches.length > 0 && hits.every((count) => count === 0));
      },
    };
  }

  /** What changed something, each with the disk that it was about. */
  async #calls(): Promise<Heard['calls']> {
    const { world } = this.subject;
    const keys = await this.#diskKeys();
    const sent = (await world.control.changes()).filter(
      // The same job sent again, because CloudStack was busy with another one, is chance and no call of its own.
      ({ parameters: { customjobid } }, index, all) =>
        customjobid === undefined ||
        all.findIndex(({ parameters }) => parameters['customjobid'] === customjobid) === index,
    );
    return sent.map(({ command, parameters }) => {
      const about = parameters['id'] ?? parameters['volumeid'] ?? parameters['resourceids'] ?? '';
      const named = /^diskferry-.*-(\d+)-[0-9a-f]{8}$/.exec(parameters['name'] ?? '')?.[1];
      const diskKey = named === undefined ? keys.get(about) : Number(named);
      return { command, ...(diskKey === undefined ? {} : { diskKey }) };
    });
  }

  /** Disk keys by the ids of volumes and snapshots, of those that are gone as well. */
  async #diskKeys(): Promise<Map<string, number>> {
    const rows = await this.subject.world.counted.database.query<{ id: string | null; diskKey: number }>(
      `SELECT volume_id AS id, disk_key AS diskKey FROM volumes
       UNION SELECT volume_id, disk_key FROM test_volumes
       UNION SELECT snapshot_id, disk_key FROM recovery_point_snapshots`,
    );
    return new Map(rows.flatMap(({ id, diskKey }) => (id === null ? [] : [[id, diskKey] as const])));
  }

  /** Gets the VM to where a scenario begins, by runs that nothing hinders. */
  async #bring(wanted: Situation): Promise<void> {
    const { subject } = this;
    while (this.#situation !== wanted) {
      if (this.#situation === 'failed over') {
        await this.#unhindered(await startBack(subject), 'returned');
        this.#situation = 'unverified';
      } else if (wanted === 'failed over') {
        const changes = { allowUnverified: 'its bytes are known to the proof' };
        await this.#unhindered(await startLive(subject, changes), 'failed_over');
        this.#situation = 'failed over';
        await this.#guestWrites(await look(subject.world, subject.key));
      } else {
        await replicate(subject, true);
        this.#situation = 'verified';
      }
    }
  }

  /** What a run could not prune, the next one that takes a point does. @returns what is wrong otherwise */
  async #nextRunRemoves(): Promise<string[]> {
    const { subject } = this;
    if (this.#situation === 'failed over') await this.#bring('unverified');
    else {
      // The first replication may have no verified volumes to take a point of.
      await this.#bring('verified');
      await replicate(subject, true);
    }
    const { removing } = await look(subject.world, subject.key);
    return removing.map((point) => `the next run did not remove the ${point}`);
  }

  async #unhindered(started: StartedFailover, wanted: string): Promise<void> {
    const { state } = await this.subject.world.failovers.result(this.subject.key, started);
    if (state !== wanted) throw new Error(`on the way to the next case: ${state} instead of ${wanted}`);
  }

  /** A replication onto verified volumes takes a point of them first: there is something to prune, and to go back to. */
  async #havePoint(verified: boolean): Promise<void> {
    const { world, key } = this.subject;
    const latest = (await world.repositories.points.ofVm(key)).find(({ state }) => state === 'complete');
    const good = verified ? latest?.snapshots.every(({ hash }) => hash !== undefined) === true : latest !== undefined;
    if (!good) await replicate(this.subject, true);
  }

  /** The guest writes, so that a way back that brought the replica's old bytes would be seen. */
  async #guestWrites({ machines, disks }: Look): Promise<void> {
    const [machine] = machines;
    const data = disks.at(-1);
    if (machine === undefined || data === undefined) return;
    this.#writes += 1;
    await this.subject.world.control.guestWrites({
      vmId: machine.id,
      volumeId: data.volumeId,
      offsetBytes: 5_000_000,
      text: `the guest was here ${String(this.#writes)}`,
    });
  }

  /** Where the VM stands now is where the next case finds it. */
  async #note(after: Look): Promise<void> {
    const verified = after.disks.every(({ verifiedHash }) => verifiedHash !== undefined);
    const next = after.live !== undefined ? 'failed over' : verified ? 'verified' : 'unverified';
    if (next === 'failed over' && this.#situation !== next) await this.#guestWrites(after);
    this.#situation = next;
  }
}

/** The end is the former state or the new one, as the run says it is, and nothing but. */
function judge(scenario: Scenario, fault: Fault | undefined, ran: Ran, before: Look, after: Look): string[] {
  const former = standing(before, before);
  const stands = standing(after, before);
  const refusedForGood = fault?.kind === 'call' && fault.how === 'refused for good';
  const asItMust = ran.end === scenario.ends || (fault !== undefined && ran.end === scenario.mayEnd);
  if (!asItMust && !refusedForGood) {
    return [`it ended as ${ran.end} instead of ${scenario.ends}: ${ran.failure ?? ''}`, ...differences(former, stands)];
  }
  // Left by the way back, a live failover has been there and has come back.
  const hasBeenThere = scenario.ends === 'failed_over' && ran.end === 'returned';
  const notPruned =
    fault?.kind === 'call' && fault.call.command === 'deleteSnapshot' && fault.how.startsWith('refused');
  const seen = { ...stands, ...(notPruned ? { leftToTheNextRun: former.leftToTheNextRun } : {}) };
  const allowed = allowedBy(ran.end, hasBeenThere ? onTheFailoverVm(former, 'none') : former, scenario.hooks);
  if (allowed === undefined) return [`it ended as ${ran.end}: ${ran.failure ?? ''}`];
  return differences(allowed, seen);
}
