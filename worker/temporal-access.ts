import { Client, WorkflowNotFoundError } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';
import { failure } from '../domain/failures';

/** The worker's connection to Temporal: one for all its task queues. */
export interface WorkerTemporal {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly address: string;
  /** Whether a workflow run has ended; one that Temporal no longer knows has. */
  readonly isRunClosed: (workflowId: string, runId: string) => Promise<boolean>;
}

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
    return { connection, namespace, address, isRunClosed: (...run) => isRunClosed(client, ...run) };
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
