import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { DefaultLogger, Runtime, Worker, type ActivityInterceptorsFactory } from '@temporalio/worker';
import type { EffectSide, Failpoint } from '../../activities/effect';
import type { SiteCommands } from '../../activities/hook-settings';
import { toApplicationFailure } from '../../activities/to-temporal';
import { DiskferryFailure } from '../../domain/failures';
import { demoWorld } from '../../simulator/worlds/demo';
import { loadConfiguration } from '../../worker/config';
import { createLog } from '../../worker/logging';
import { databaseAccess } from '../../worker/secrets';
import { servedQueues } from '../../worker/served-queues';
import { connectWorkerTemporal } from '../../worker/temporal-access';
import { wireActivities } from '../../worker/wiring';
import { type ConnectedStack, connectToStack } from './connected-stack';
import { startTestStack, type TestStack } from './stack';
import { readWorkflowBundle } from './workflow-bundle';

/** The death of the process that runs an activity, as far as one process can play it: the attempt does nothing more. */
class Killed extends Error {}

/** One place at which an activity is cut off, once. */
export interface Cut {
  reached(): boolean;
  /** Whoever comes there from now on goes on. */
  lift(): void;
}

/**
 * A whole stack whose worker runs in this process, so that a test can cut off any activity on either side of any of its effects.
 * The attempt that is cut off has no further effect and never answers; Temporal's server gives the activity to the next attempt,
 * as it does when a worker dies, only without waiting for its heartbeat.
 */
export interface FailoverWorld extends ConnectedStack {
  /** Cuts off the first attempt that comes to this side of this effect from now on. */
  cutOff(effect: string, side: EffectSide): Cut;
  /** Names of the effects that come from now on, in the order of their first coming, until `stop`. */
  listen(): { stop(): readonly string[] };
  close(): Promise<void>;
}

const timings = {
  createMs: 5,
  queueMs: 5,
  storeMs: 5,
  attachMs: 20,
  detachMs: 20,
  deleteMs: 5,
  snapshotMs: 10,
  backupMs: 10,
  powerMs: 20,
  linkDelayMs: [5, 20] as [number, number],
  jobExpireMs: 86_400_000,
};

type CommandsOf = (folder: string) => Partial<SiteCommands>;

/** @param commandsOf - the site's hooks and what converts guests, which may leave traces in the stack's folder */
export async function startFailoverWorld(commandsOf: CommandsOf = () => ({})): Promise<FailoverWorld> {
  const workflowBundle = await readWorkflowBundle();
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const stack = await startTestStack({ worker: false, world: { ...demoWorld, timings } });
  try {
    return await startWorkers(stack, workflowBundle, commandsOf(stack.folder.directory));
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

async function startWorkers(
  stack: TestStack,
  workflowBundle: { readonly code: string },
  commands: Partial<SiteCommands>,
): Promise<FailoverWorld> {
  const environment = { TEMPORAL_CONFIG_FILE: stack.folder.temporalConfigFile };
  const loaded = await loadConfiguration(stack.folder.configurationFile);
  const configuration = {
    ...loaded,
    sites: new Map([...loaded.sites].map(([name, site]) => [name, { ...site, ...commands }])),
  };
  const queues = servedQueues(configuration);
  const database = await databaseAccess(configuration, environment);
  const temporal = await connectWorkerTemporal(environment);
  const log = createLog({ logLevel: 'info', logFile: stack.folder.logFile('worker in the test') });

  let armed: { readonly effect: string; readonly side: EffectSide; hit: boolean } | undefined;
  let heard: Set<string> | undefined;
  const dead = new Set<string>();
  const failpoint: Failpoint = (effect, side) => {
    const { workflowExecution, activityId, attempt } = Context.current().info;
    const me = `${workflowExecution?.runId ?? '?'} ${activityId} ${String(attempt)}`;
    if (dead.has(me)) throw new Killed(effect);
    heard?.add(effect);
    if (armed === undefined || armed.hit || armed.effect !== effect || armed.side !== side) return;
    armed.hit = true;
    dead.add(me);
    throw new Killed(`${effect}:${side}`);
  };
  const wired = await wireActivities(
    { configuration, database, temporal, queues, log, health: { ready: true }, environment },
    failpoint,
  );
  const workers = await Promise.all(
    wired.queues.map(({ queue, activities }) =>
      Worker.create({
        connection: temporal.connection,
        namespace: temporal.namespace,
        taskQueue: queue.name,
        activities,
        interceptors: { activity: [unanswered] },
        maxHeartbeatThrottleInterval: '200ms',
        ...(queue.kind === 'main' && { workflowBundle }),
      }),
    ),
  );
  const running = Promise.all(workers.map((worker) => worker.run()));

  const connected = await connectToStack(stack);
  return {
    ...connected,
    cutOff(effect, side) {
      const cut = { effect, side, hit: false };
      armed = cut;
      return {
        reached: () => cut.hit,
        lift: () => {
          if (armed === cut) armed = undefined;
        },
      };
    },
    listen() {
      const names = new Set<string>();
      heard = names;
      return {
        stop: () => {
          heard = undefined;
          return [...names];
        },
      };
    },
    async close() {
      for (const worker of workers) worker.shutdown();
      await running;
      await connected.disconnect();
      await wired.close();
      await temporal.connection.close();
      await stack.stop();
    },
  };
}

/** An attempt that was cut off answers nothing that a workflow could see: the server tries again. */
const unanswered: ActivityInterceptorsFactory = () => ({
  inbound: {
    async execute(input, next) {
      try {
        return await next(input);
      } catch (error) {
        if (wasKilled(error)) {
          throw ApplicationFailure.create({ message: 'cut off', type: 'Killed', nextRetryDelay: '50ms' });
        }
        throw error instanceof DiskferryFailure ? toApplicationFailure(error) : error;
      }
    },
  },
});

function wasKilled(error: unknown): boolean {
  if (error instanceof Killed) return true;
  return error instanceof DiskferryFailure && wasKilled(error.cause);
}
