import type { CloudStackApi } from '../../cloudstack/api';
import { createCloudStackClient, type CloudStackClientOptions } from '../../cloudstack/client';
import { systemClock, type Clock } from '../../cloudstack/clock';
import { CloudStackError } from '../../cloudstack/errors';
import { keys, startScriptedServer, type ScriptedServer } from './scripted-server';

export interface World {
  readonly server: ScriptedServer;
  readonly client: CloudStackApi;
  /** pauses that the client asked for, in milliseconds */
  readonly pauses: readonly number[];
  /** everything that was logged */
  readonly log: readonly string[];
}

export interface WorldOptions extends Partial<CloudStackClientOptions> {
  /** by how much the server's clock is ahead of the client's */
  readonly aheadMs?: number;
  /** whether it sends a Date header; CloudStack itself does not */
  readonly sendsDate?: boolean;
  /** whether pauses take their time; otherwise they are only recorded */
  readonly realPauses?: boolean;
}

/** A server and a client of it, taken down at the end. */
export async function withClient(use: (world: World) => Promise<void>, options: WorldOptions = {}): Promise<void> {
  const { aheadMs, sendsDate, realPauses, ...clientOptions } = options;
  const server = await startScriptedServer({
    ...(aheadMs !== undefined && { aheadMs }),
    sendsDate: sendsDate ?? false,
  });
  const pauses: number[] = [];
  const clock: Clock = {
    now: () => Date.now(),
    sleep: async (milliseconds, signal) => {
      pauses.push(milliseconds);
      await systemClock.sleep(realPauses === true ? milliseconds : 1, signal);
    },
  };
  const log: string[] = [];
  const line = (fields: object, message: string) => void log.push(`${message} ${JSON.stringify(fields)}`);
  const logger = { debug: line, warn: line };
  const client = createCloudStackClient({ endpoint: server.endpoint, ...keys, clock, logger, ...clientOptions });
  try {
    await use({ server, client, pauses, log });
  } finally {
    await server.close();
    await client.close();
  }
}

/** The CloudStack error of a call that must fail. */
export async function failureOf(call: Promise<unknown>): Promise<CloudStackError> {
  const error: unknown = await call.then(
    (value) => new Error(`answered ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof CloudStackError)) throw error;
  return error;
}
