import { existsSync } from 'node:fs';
import path from 'node:path';
import { Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import { checkSchema } from '../database/migrate';
import { makeActivityObserver } from './activity-observer';
import { makeChecks } from './checks';
import { loadConfiguration } from './config';
import { translateDatabaseError } from './database-failure';
import { failureInterceptor } from './failure-interceptor';
import { healthPages, ReadinessMeter, type WorkerHealth } from './health';
import { servePages } from './http-pages';
import { createLog, temporalLogger } from './logging';
import { proveRights } from './prove-rights';
import { databaseAccess, secretFileWarnings, type DatabaseAccess } from './secrets';
import type { Serving } from './serving';
import { servedQueues } from './served-queues';
import { connectWorkerTemporal } from './temporal-access';
import { untilReachable } from './until-reachable';
import { wireActivities, type WiredQueue } from './wiring';

export interface RunWorkerOptions {
  readonly configurationFile: string;
  /** TEMPORAL_*, the variable of the database URL, DISKFERRY_FAILPOINTS */
  readonly environment: Readonly<Record<string, string>>;
  /** task queues to serve; all that follow from the configuration without it */
  readonly queues?: readonly string[];
}

/** How long running activities may go on after SIGTERM before they are cancelled. */
const SHUTDOWN_GRACE = '10s';

/**
 * Runs a worker until SIGINT or SIGTERM: one Temporal worker per task queue, all in this process. While database or Temporal do not
 * answer it says so and tries again.
 *
 * @throws DiskferryFailure `configuration-invalid`, `usage`, `rights-missing` or `schema-outdated`; a retry does not help
 */
export async function runWorker(options: RunWorkerOptions): Promise<void> {
  const configuration = await loadConfiguration(options.configurationFile);
  const queues = servedQueues(configuration, options.queues);
  const database = await databaseAccess(configuration, options.environment);
  const log = createLog(configuration.worker);
  for (const warning of await secretFileWarnings(configuration)) log.warn(warning);
  for (const queue of queues) if (queue.kind === 'appliance') await proveRights(queue.appliance);

  const health: WorkerHealth = { ready: false, reason: 'it is starting' };
  const { healthListen } = configuration.worker;
  const pages = healthPages(new ReadinessMeter(health));
  const endpoint = healthListen === undefined ? undefined : await servePages(healthListen, pages);
  try {
    Runtime.install({
      logger: temporalLogger(log),
      telemetryOptions: { logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} } },
    });
    await untilReachable(log, health, () => checkDatabase(database));
    const temporal = await untilReachable(log, health, () => connectWorkerTemporal(options.environment));
    try {
      await serve({ configuration, database, temporal, queues, log, health, environment: options.environment });
    } finally {
      await temporal.connection.close();
    }
  } finally {
    await endpoint?.close();
  }
}

async function checkDatabase({ url, password }: DatabaseAccess): Promise<void> {
  await translateDatabaseError(() => checkSchema(url, password === undefined ? {} : { password }));
}

async function serve(serving: Serving): Promise<void> {
  const { temporal, queues, log, health, database } = serving;
  const wired = await wireActivities(serving);
  try {
    const workers = await Promise.all(
      wired.queues.map(async (wiredQueue) => ({
        queue: wiredQueue.queue,
        worker: await Worker.create(workerOptions(wiredQueue, serving)),
      })),
    );
    health.checks = makeChecks({ ...wired, databaseShown: database.shown, temporal, workers });
    health.ready = true;
    delete health.reason;
    log.info(
      { temporal: temporal.address, namespace: temporal.namespace, queues: queues.map(({ name }) => name) },
      'worker is ready',
    );
    await runTogether(workers.map(({ worker }) => worker));
    log.info('worker has stopped');
  } finally {
    health.ready = false;
    health.reason = 'it has stopped';
    await wired.close();
  }
}

/** Runs all until a signal ends them; where one fails the others are shut down too, and its error is thrown. */
async function runTogether(workers: readonly Worker[]): Promise<void> {
  const ends = await Promise.allSettled(
    workers.map(async (worker) => {
      try {
        await worker.run();
      } finally {
        for (const other of workers) if (other.getState() === 'RUNNING') other.shutdown();
      }
    }),
  );
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

function workerOptions({ queue, activities }: WiredQueue, { temporal, log }: Serving): WorkerOptions {
  return {
    connection: temporal.connection,
    namespace: temporal.namespace,
    taskQueue: queue.name,
    activities,
    interceptors: {
      activity: [() => ({ inbound: failureInterceptor }), () => ({ inbound: makeActivityObserver(log) })],
    },
    // A cancel arrives with the answer to a heartbeat: within 2 s instead of up to 48 (reference: temporal.md §9).
    maxHeartbeatThrottleInterval: '2s',
    shutdownGraceTime: SHUTDOWN_GRACE,
    ...(queue.kind === 'main' && workflowCode()),
    ...(queue.kind === 'site' && { maxTaskQueueActivitiesPerSecond: queue.site.requestsPerSecond }),
    ...(queue.kind === 'appliance-copy' && { maxConcurrentActivityTaskExecutions: queue.appliance.maxCopies }),
  };
}

/** The bundle that the build made; from the sources where there is none, as in tests. */
function workflowCode(): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  const codePath = path.join(__dirname, '..', 'workflow-bundle.js');
  return existsSync(codePath)
    ? { workflowBundle: { codePath } }
    : { workflowsPath: require.resolve('../workflows/index') };
}
