import type { Worker } from '@temporalio/worker';
import type { CloudStackApi } from '../cloudstack/api';
import { cloudStackFailure } from '../site/cloudstack-failure';
import { applianceChecks } from './appliance-checks';
import type { Check } from './check';
import { translateDatabaseError } from './database-failure';
import type { ServedQueue } from './served-queues';
import type { SiteAnswers } from './site-answers';
import { secondsSincePoll, type WorkerTemporal } from './temporal-access';

/** An answer of CloudStack is fresh for so long; an older one is asked for anew. */
const ANSWER_IS_FRESH_SECONDS = 60;
/** A poll is held open for at most a minute; the server may say for so long that it saw none. */
const POLL_IS_STALE_AFTER_SECONDS = 75;

/** What the checks of a site look at. */
export interface WatchedSite {
  readonly name: string;
  readonly api: Pick<CloudStackApi, 'listCapabilities'>;
  readonly answers: SiteAnswers;
}

export interface CheckedWorker {
  readonly queue: ServedQueue;
  readonly worker: Pick<Worker, 'getState' | 'options'>;
}

/** Everything that a worker process needs, as it can be measured. */
export function makeChecks({
  ping,
  databaseShown,
  temporal,
  workers,
  sites,
}: {
  readonly ping: () => Promise<void>;
  /** for people: where the database is */
  readonly databaseShown: string;
  readonly temporal: WorkerTemporal;
  readonly workers: readonly CheckedWorker[];
  readonly sites: readonly WatchedSite[];
}): Check[] {
  const startedAt = Date.now();
  const appliances = workers.flatMap(({ queue }) => (queue.kind === 'appliance' ? [queue.appliance] : []));
  return [
    {
      name: 'database',
      kind: 'database',
      next: 'See whether it runs and can be reached from here.',
      measure: async () => {
        await translateDatabaseError(ping);
        return `${databaseShown} answers`;
      },
    },
    {
      name: 'temporal',
      kind: 'temporal',
      next: `See whether Temporal runs at ${temporal.address}.`,
      measure: async () => {
        await temporal.proveNamespace();
        return `Temporal at ${temporal.address} answers, namespace ${temporal.namespace}`;
      },
    },
    ...workers.map((checked) => pollingCheck(temporal, checked, startedAt)),
    ...sites.map(siteCheck),
    ...appliances.flatMap(applianceChecks),
  ];
}

function pollingCheck(temporal: WorkerTemporal, { queue, worker }: CheckedWorker, startedAt: number): Check {
  return {
    name: `queue ${queue.name}`,
    kind: 'polling',
    next: 'Start this worker again.',
    measure: async () => {
      const state = worker.getState();
      if (state !== 'RUNNING') throw new Error(`its poller is ${state.toLowerCase()}`);
      const seconds = await secondsSincePoll(temporal, queue.name, worker.options.identity);
      const wasThere = (Date.now() - startedAt) / 1000 > POLL_IS_STALE_AFTER_SECONDS;
      if (wasThere && (seconds === undefined || seconds > POLL_IS_STALE_AFTER_SECONDS)) {
        throw new Error(
          seconds === undefined
            ? 'Temporal knows no poll of this worker'
            : `this worker's last poll was ${String(seconds)} s ago`,
        );
      }
      return seconds === undefined ? 'polling has begun' : `polled ${String(seconds)} s ago`;
    },
  };
}

function siteCheck({ name, api, answers }: WatchedSite): Check {
  return {
    name: `cloudstack ${name}`,
    kind: 'cloudstack',
    next: `See what it says: diskferry probe ${name}`,
    measure: async () => {
      const seconds = answers.secondsSinceAnswer();
      if (seconds !== undefined && seconds <= ANSWER_IS_FRESH_SECONDS) return `answered ${String(seconds)} s ago`;
      try {
        const { cloudstackversion } = await api.listCapabilities({ timeoutMs: 4_000 });
        return `CloudStack ${cloudstackversion} answers`;
      } catch (error) {
        throw cloudStackFailure(error, name) ?? error;
      }
    },
  };
}
