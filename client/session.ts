import type { SourceVmKey } from '../domain/names';
import type { CommandContext } from './command-context';
import { connectTemporal, type TemporalAccess } from './connect';
import { FailoverClient } from './failover-client';
import { findVm } from './find-vm';
import { openRecords, type OpenRecords } from './open-records';
import { ReplicationClient } from './replication-client';
import type { ReplicationRecords } from './replication-records';

/** What a command works with: the client on Temporal and, where a configuration is named, the database. */
export interface Session {
  readonly replications: ReplicationClient;
  readonly failovers: FailoverClient;
  readonly temporal: TemporalAccess;
  readonly records: ReplicationRecords | undefined;
  /** The VM of `[site/][source/]id`. Throws as {@link findVm} does. */
  readonly findVm: (argument: string) => Promise<SourceVmKey>;
}

/**
 * Opens a session, runs a command's work in it and closes it again.
 *
 * @throws DiskferryFailure `temporal-unavailable` or `configuration-invalid`, and whatever the work throws
 */
export async function withSession<T>(context: CommandContext, work: (session: Session) => Promise<T>): Promise<T> {
  const opened =
    context.configurationFile === undefined ? undefined : await openRecords(context.configurationFile, context);
  try {
    const temporal = await connectTemporal(context);
    try {
      return await work(makeSession(context, temporal, opened));
    } finally {
      await temporal.close();
    }
  } finally {
    await opened?.close();
  }
}

function makeSession(context: CommandContext, temporal: TemporalAccess, opened: OpenRecords | undefined): Session {
  const records = opened?.records;
  return {
    replications: new ReplicationClient({
      temporal: temporal.client,
      ...(records !== undefined && { records }),
      updatePatienceMs: context.io.patienceMs,
    }),
    failovers: new FailoverClient({
      temporal: temporal.client,
      ...(opened !== undefined && { records: opened.failovers }),
      updatePatienceMs: context.io.patienceMs,
    }),
    temporal,
    records,
    findVm: (argument) => findVm(temporal.client, records, argument),
  };
}
