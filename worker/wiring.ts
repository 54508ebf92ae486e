import { makeAttachVolume } from '../activities/attach-volume';
import { makeDetachVolume } from '../activities/detach-volume';
import { makeEffect } from '../activities/effect';
import { makeFailpoint, parseFailpoints } from '../activities/failpoints';
import { defaultPolling } from '../activities/polling';
import type { VolumeWork } from '../activities/volume-work';
import type { CloudStackApi } from '../cloudstack/api';
import { createCloudStackClient } from '../cloudstack/client';
import { systemClock } from '../cloudstack/clock';
import { openDatabase, type Repositories } from '../database/open';
import { currentRun } from './current-run';
import type { Serving } from './main';
import { siteKeys } from './secrets';
import type { ServedQueue } from './served-queues';

/** The activities of each task queue, made from what they need. */
export interface WiredActivities {
  of(queue: ServedQueue): object;
  /** Closes the connections that the activities use. */
  close(): Promise<void>;
}

/**
 * Opens what activities need and makes them.
 *
 * @throws DiskferryFailure `configuration-invalid` when a site's keys cannot be read
 */
export async function wireActivities(serving: Serving): Promise<WiredActivities> {
  const { configuration, database, environment, log } = serving;
  const { url, password } = database;
  const repositories = openDatabase({ url, ...(password !== undefined && { password }), logger: log });
  const failpoints = parseFailpoints(environment['DISKFERRY_FAILPOINTS'] ?? '');
  const common = {
    database: repositories.database,
    clock: systemClock,
    polling: defaultPolling,
    effect: makeEffect(failpoints.length === 0 ? undefined : makeFailpoint(failpoints)),
    run: currentRun,
    log,
  };
  const clients = new Map<string, CloudStackApi>();
  for (const site of configuration.sites.values()) {
    const keys = await siteKeys(configuration, site);
    const { endpoint, requestsPerSecond } = site;
    clients.set(site.name, createCloudStackClient({ endpoint, ...keys, requestsPerSecond, logger: log }));
  }
  return {
    of: (queue) => {
      switch (queue.kind) {
        case 'main':
          return {};
        case 'site':
          return siteActivities({
            ...common,
            operations: repositories.operations,
            api: clientOf(clients, queue.site.name),
          });
        case 'appliance':
        case 'appliance-copy':
          return {};
      }
    },
    close: async () => {
      for (const client of clients.values()) await client.close();
      await closeDatabase(repositories);
    },
  };
}

function siteActivities(work: VolumeWork): object {
  return { attachVolume: makeAttachVolume(work), detachVolume: makeDetachVolume(work) };
}

function clientOf(clients: ReadonlyMap<string, CloudStackApi>, site: string): CloudStackApi {
  const client = clients.get(site);
  if (client === undefined) throw new Error(`no CloudStack client for site ${site}`);
  return client;
}

async function closeDatabase({ database }: Repositories): Promise<void> {
  await database.close();
}
