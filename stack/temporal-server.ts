import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { searchAttributeNames } from '../domain/names';
import { type GuardedProcess, ProcessStartError, startGuarded, waitUntilReady } from './guarded-process';
import { isPortFree } from './lasting-ports';
import { findTemporalBinary } from './temporal-binary';

export interface TemporalServerOptions {
  /** holds the server's database; made when it is not there */
  readonly stateDirectory: string;
  /** TCP port on 127.0.0.1 */
  readonly port: number;
  /** port of the web page on 127.0.0.1; no web page without it */
  readonly uiPort?: number;
  /** `FULL` is safe against power loss, `NORMAL` against killed processes only, and faster */
  readonly synchronous: 'FULL' | 'NORMAL';
  readonly logFile: string;
  /** how many days closed runs can be looked at; the server's own default is one */
  readonly retentionDays?: number;
  /** milliseconds until it must answer (60,000 when not given) */
  readonly startTimeout?: number;
}

export interface RunningTemporalServer extends GuardedProcess {
  readonly address: string;
  readonly namespace: string;
  /** address of the web page */
  readonly uiUrl?: string;
}

const HOST = '127.0.0.1';
const NAMESPACE = 'default';

/**
 * Starts Temporal's own server with a file database and waits until it answers, with our search attributes registered. The SDK's
 * `createLocal` is not used: it waits 5 seconds only and cannot be told of a binary by the environment.
 *
 * @throws TemporalBinaryError, or ProcessStartError with the end of the log
 */
export async function startTemporalServer(options: TemporalServerOptions): Promise<RunningTemporalServer> {
  await mkdir(options.stateDirectory, { recursive: true, mode: 0o700 });
  const address = `${HOST}:${String(options.port)}`;
  // Whoever listens there would answer in our server's place.
  if (!(await isPortFree(options.port)))
    throw new ProcessStartError(`Temporal server: ${address} is in use by another program`);
  const server = await startGuarded({
    name: 'Temporal server',
    command: findTemporalBinary(),
    args: serverArguments(options),
    logFile: options.logFile,
  });
  await waitUntilReady(server, () => prepareNamespace(address, options.retentionDays), options.startTimeout ?? 60_000);
  return {
    ...server,
    get running() {
      return server.running;
    },
    address,
    namespace: NAMESPACE,
    ...(options.uiPort !== undefined && { uiUrl: `http://${HOST}:${String(options.uiPort)}` }),
  };
}

function serverArguments(options: TemporalServerOptions): string[] {
  return [
    ...['server', 'start-dev', '--ip', HOST, '--port', String(options.port), '--namespace', NAMESPACE],
    ...(options.uiPort === undefined ? ['--headless'] : ['--ui-port', String(options.uiPort)]),
    ...['--db-filename', join(options.stateDirectory, 'temporal.db'), '--log-level', 'warn'],
    // Measured in reference/temporal.md §9: with these two a step takes a half to a third of the time that it takes by default.
    ...['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', `synchronous=${options.synchronous}`],
    ...['--dynamic-config-value', 'history.transferProcessorMaxPollRPS=2000'],
    ...Object.values(searchAttributeNames).flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
  ];
}

/** True once the namespace can be described; sets how long closed runs are kept. */
async function prepareNamespace(address: string, retentionDays: number | undefined): Promise<boolean> {
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({ address, connectTimeout: '2s' });
    const { workflowService } = connection;
    await workflowService.describeNamespace({ namespace: NAMESPACE });
    if (retentionDays !== undefined) {
      const workflowExecutionRetentionTtl = msToTs(`${retentionDays} days`);
      await workflowService.updateNamespace({ namespace: NAMESPACE, config: { workflowExecutionRetentionTtl } });
    }
    return true;
  } catch {
    return false;
  } finally {
    await connection?.close();
  }
}
