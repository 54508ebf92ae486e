import { existsSync } from 'node:fs';
import path from 'node:path';
import { Runtime, type TelemetryOptions, Worker, type WorkerOptions } from '@temporalio/worker';
import { checkSchema } from '../database/migrate';
import { makeActivityObserver } from './activity-observer';
import { makeChecks } from './checks';
import { commandWarnings } from './command-warnings';
import { loadConfiguration, type ProcessConfiguration } from './config';
import { translateDatabaseError } from './database-failure';
import { failureInterceptor } from './failure-interceptor';
import { healthPages, ReadinessMeter, type WorkerHealth } from './health';
import { type HttpPages, servePages } from './http-pages';
import { countActivities } from './count-activities';
import { createLog, temporalLogger } from './logging';
import { measureGauges } from './measured-gauges';
import { Metrics, workflowHistogramBuckets } from './metrics';
import { addressText, metricsPage } from './metrics-page';
import { proveRights } from './prove-rights';
import { databaseAccess, secretFileWarnings, type DatabaseAccess } from './secrets';
import { ensureSchedules } from './schedules';
import type { Serving } from './serving';
import { servedQueues } from './served-queues';
import { connectWorkerTemporal } from './temporal-access';
import { untilReachable } from './until-reachable';
import { wireActivities, type WiredQueue } from './wiring';

export interface RunWorkerOptions {
  readonly configurationFile: string;
  /** TEMPORAL_*, the variable of the database URL, DISKFERRY_FAILPOINTS */
  readonly environment: Readonly<Record<string, string>>;
  /** of Diskferry, for the metrics */
  readonly version: string;
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
  for (const warning of [...(await secretFileWarnings(configuration)), ...(await commandWarnings(configuration))]) {
    log.warn(warning);
  }
  for (const queue of queues) if (queue.kind === 'appliance') await proveRights(queue.appliance);

  const health: WorkerHealth = { ready: false, reason: 'it is starting' };
  const metrics = new Metrics(options.version);
  const meter = new ReadinessMeter(health);
  const endpoints = await openEndpoints(configuration.worker, meter, metrics);
  try {
    Runtime.install({ logger: temporalLogger(log), telemetryOptions: telemetry(configuration.worker) });
    await untilReachable(log, health, () => checkDatabase(database));
    const temporal = await untilReachable(log, health, () => connectWorkerTemporal(options.environment));
    try {
      const { environment } = options;
      await serve({ configuration, database, temporal, queues, log, health, metrics, environment }, meter);
    } finally {
      await temporal.connection.close();
    }
  } finally {
    for (const endpoint of endpoints) await endpoint.close();
  }
}

/** The health endpoint and the one for Prometheus, each where it is configured. */
async function openEndpoints(
  { healthListen, metricsListen, temporalMetricsListen }: ProcessConfiguration,
  meter: ReadinessMeter,
  metrics: Metrics,
): Promise<HttpPages[]> {
  const forPrometheus = { '/metrics': metricsPage(metrics, temporalMetricsListen) };
  const endpoints: HttpPages[] = [];
  if (healthListen !== undefined) {
    endpoints.push(await servePages(healthListen, { ...healthPages(meter), ...forPrometheus }));
  }
  if (metricsListen !== undefined) endpoints.push(await servePages(metricsListen, forPrometheus));
  return endpoints;
}

/** Temporal's own log lines are in ours; its metrics, and those of workflows, have an address of their own. */
function telemetry({ temporalMetricsListen }: ProcessConfiguration): TelemetryOptions {
  const logging: TelemetryOptions['logging'] = { filter: { core: 'WARN', other: 'ERROR' }, forward: {} };
  if (temporalMetricsListen === undefined) return { logging };
  const bindAddress = addressText(temporalMetricsListen);
  const histogramBucketOverrides = workflowHistogramBuckets();
  return { logging, metrics: { prometheus: { bindAddress, useSecondsForDurations: true, histogramBucketOverrides } } };
}

async function checkDatabase({ url, password }: DatabaseAccess): Promise<void> {
  await translateDatabaseError(() => checkSchema(url, password === undefined ? {} : { password }));
}

async function serve(serving: Serving, meter: ReadinessMeter): Promise<void> {
  const { temporal, queues, log, health, database } = serving;
  const wired = await wireActivities(serving);
  try {
    const workers = await Promise.all(
      wired.queues.map(async (wiredQueue) => ({
        queue: wiredQueue.queue,
        worker: await Worker.create(workerOptions(wiredQueue, serving)),
      })),
    );
    if (queues.some(({ kind }) => kind === 'main')) await ensureSitesAreReconciled(serving);
    health.checks = makeChecks({ ...wired, databaseShown: database.shown, temporal, workers });
    if (serving.metrics !== undefined) measureGauges(serving.metrics, meter, wired.runFigures);
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

/** The schedules that reconcile the sites; a worker that may not make them works without, and says so. */
async function ensureSitesAreReconciled({ configuration, temporal, log }: Serving): Promise<void> {
  try {
    const changed = await ensureSchedules(temporal.client, [...configuration.sites.values()]);
    if (changed.length > 0) log.info({ schedules: changed }, 'Temporal schedules were made or changed');
  } catch (error) {
    log.warn({ err: error }, 'No schedule reconciles the job table: Temporal lets this worker make none');
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

function workerOptions({ queue, activities }: WiredQueue, { temporal, log, metrics }: Serving): WorkerOptions {
  const observer = makeActivityObserver(log, metrics === undefined ? undefined : countActivities(metrics, queue.kind));
  return {
    connection: temporal.connection,
    namespace: temporal.namespace,
    taskQueue: queue.name,
    activities,
    interceptors: {
      activity: [() => ({ inbound: failureInterceptor }), () => ({ inbound: observer })],
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
