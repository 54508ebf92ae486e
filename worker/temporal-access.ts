import { Client, WorkflowNotFoundError } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { optionalTsToDate } from '@temporalio/common/lib/time';
import { temporal } from '@temporalio/proto';
import { NativeConnection } from '@temporalio/worker';
import { failure } from '../domain/failures';
import type { RunEnd } from '../domain/reconcile-io';
import { endOfRun } from './run-end';

/** The worker's connection to Temporal: one for all its task queues. */
export interface WorkerTemporal {
  readonly connection: NativeConnection;
  readonly client: Client;
  readonly namespace: string;
  readonly address: string;
  /** Whether a workflow run has ended; one that Temporal no longer knows has. */
  readonly isRunClosed: (workflowId: string, runId: string) => Promise<boolean>;
  /** How the chain of runs that began with this run ended; undefined while it goes on. Throws `temporal-unavailable`. */
  readonly endOfRun: (workflowId: string, firstRunId: string) => Promise<RunEnd | undefined>;
  /** Asks for the namespace. Throws what the server answers. */
  readonly proveNamespace: () => Promise<void>;
}

const PROOF_TIMEOUT_MS = 4_000;

/**
 * Connects as TEMPORAL_* and temporal.toml say; Diskferry has no names of its own for these.
 *
 * @throws DiskferryFailure `temporal-unavailable` with the address; worth a retry
 */
export async function connectWorkerTemporal(environment: Readonly<Record<string, string>>): Promise<WorkerTemporal> {
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig({ overrideEnvVars: { ...environment } });
  const address = connectionOptions.address ?? 'localhost:7233';
  try {
    const connection = await NativeConnection.connect({ ...connectionOptions, address });
    const client = new Client({ connection, namespace });
    return {
      connection,
      client,
      namespace,
      address,
      isRunClosed: (...run) => isRunClosed(client, ...run),
      endOfRun: async (...run) => {
        try {
          return await endOfRun(client, ...run);
        } catch (error) {
          const cause = error instanceof Error ? error.message : String(error);
          throw failure('temporal-unavailable', { address, cause }, { cause: error });
        }
      },
      proveNamespace: async () => {
        await connection.withDeadline(Date.now() + PROOF_TIMEOUT_MS, () =>
          connection.workflowService.describeNamespace({ namespace }),
        );
      },
    };
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw failure('temporal-unavailable', { address, cause }, { cause: error });
  }
}

async function isRunClosed(client: Client, workflowId: string, runId: string): Promise<boolean> {
  try {
    const { status } = await client.workflow.getHandle(workflowId, runId).describe();
    return status.name !== 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return true;
    throw error;
  }
}

/** Seconds since one worker last polled a task queue, as the server says; undefined when it knows of no poll. */
export async function secondsSincePoll(
  { connection, namespace }: Pick<WorkerTemporal, 'connection' | 'namespace'>,
  taskQueue: string,
  identity: string | undefined,
): Promise<number | undefined> {
  const { pollers } = await connection.withDeadline(Date.now() + PROOF_TIMEOUT_MS, () =>
    connection.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: taskQueue },
      taskQueueType: temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
    }),
  );
  const times = pollers
    .filter((poller) => poller.identity === identity)
    .flatMap(({ lastAccessTime }) => optionalTsToDate(lastAccessTime)?.getTime() ?? []);
  return times.length === 0 ? undefined : Math.max(0, Math.round((Date.now() - Math.max(...times)) / 1000));
}
