import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { setTimeout as sleep } from 'node:timers/promises';
import { DiskferryFailure, failure } from '../domain/failures';
import type { CommandContext } from './command-context';

/** A connection to Temporal, with the address that it goes to. */
export interface TemporalAccess {
  readonly client: Client;
  readonly address: string;
  close(): Promise<void>;
}

const DEFAULT_ADDRESS = 'localhost:7233';

/**
 * Connects as TEMPORAL_* and temporal.toml say (of the state folder, if there is one). While nobody answers it tries again, saying
 * so, until the context's patience ends.
 *
 * @throws DiskferryFailure `temporal-unavailable` with the address
 */
export async function connectTemporal(context: CommandContext): Promise<TemporalAccess> {
  const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars: { ...context.env } });
  const address = connectionOptions.address ?? DEFAULT_ADDRESS;
  const connection = await patiently(context, async () => {
    try {
      return await Connection.connect({
        ...connectionOptions,
        address,
        connectTimeout: Math.max(1000, Math.min(5000, context.io.patienceMs)),
      });
    } catch (error) {
      throw failure('temporal-unavailable', { address, cause: causeOf(error) }, { cause: error });
    }
  });
  const client = new Client({ connection, ...(namespace !== undefined && { namespace }) });
  return { client, address, close: () => connection.close() };
}

/**
 * Repeats what fails because somebody does not answer, with growing pauses, until the context's patience ends; says why every few
 * seconds. Throws the last failure.
 */
export async function patiently<T>(context: CommandContext, attempt: () => Promise<T>): Promise<T> {
  const givesUpAt = Date.now() + context.io.patienceMs;
  for (let pauseMs = 500; ; pauseMs = Math.min(pauseMs * 2, 5000)) {
    try {
      return await attempt();
    } catch (error) {
      const mayAnswer = error instanceof DiskferryFailure && error.failureClass === 'unavailable';
      if (!mayAnswer || Date.now() + pauseMs > givesUpAt) throw error;
      context.progress(`${error.message}; trying again`);
      await sleep(pauseMs);
    }
  }
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = error.cause instanceof Error ? error.cause.message : error.message;
  return inner === '' ? error.name : inner;
}
