import { type Failpoint, makeEffect } from '../activities/effect';
import { makeFailpoint, parseFailpoints } from '../activities/failpoints';
import { makeFailoverMainActivities } from '../activities/make-failover-main-activities';
import {
  makeApplianceActivities,
  makeCopyActivities,
  makeMainActivities,
  makeSiteActivities,
} from '../activities/make-activities';
import {
  makeFailoverVmActivities,
  makeGuestActivities,
  makePointActivities,
} from '../activities/make-failover-activities';
import { defaultPolling } from '../activities/polling';
import { makeAdoptVolume } from '../activities/adopt-volume';
import { makeCloseOlderOperation } from '../activities/close-older-operation';
import { makeExamineSite } from '../activities/examine-site';
import { makeEndRecord } from '../activities/end-record';
import { makeInspectAppliance } from '../activities/inspect-appliance';
import { makePlanRepair } from '../activities/plan-repair';
import { makeSettleOperation } from '../activities/settle-operation';
import type { AllActivities, DoctorActivities, FailoverActivities, ReconcileActivities } from '../activities/queues';
import { makeReconcileJobs } from '../activities/reconcile-jobs';
import { makeRunDoctor } from '../activities/run-doctor';
import { makeSiteFacts } from '../activities/site-facts';
import { runCommand } from '../appliance/commands';
import { systemClock } from '../cloudstack/clock';
import { checkSchema } from '../database/migrate';
import { openDatabase } from '../database/open';
import { surveyDatabase } from '../database/survey';
import type { RunFigures } from '../database/run-figures';
import { readDatabase } from '../doctor/read-truths';
import { makeApplianceParts } from './appliance-parts';
import { countFindings } from './count-findings';
import { countReconciliations } from './count-reconciliations';
import { countedCopying } from './counted-copying';
import { currentRun } from './current-run';
import { translateDatabaseError } from './database-failure';
import { readTruthsOf } from './doctor-sources';
import type { ServedQueue } from './served-queues';
import type { Serving } from './serving';
import type { WatchedSite } from './checks';
import { openSite } from './site-access';
import { SiteAnswers } from './site-answers';

type ServedActivities = Partial<AllActivities & FailoverActivities & DoctorActivities & ReconcileActivities>;

/** A task queue with the activities that it is served with. */
export interface WiredQueue {
  readonly queue: ServedQueue;
  readonly activities: ServedActivities;
}

export interface WiredActivities {
  readonly queues: readonly WiredQueue[];
  /** Asks the database for an answer, by the pool that the activities use. */
  ping(): Promise<void>;
  readonly runFigures: () => Promise<RunFigures>;
  /** the sites whose own queue is served */
  readonly sites: readonly WatchedSite[];
  /** Closes the connections that the activities use. */
  close(): Promise<void>;
}

/**
 * Opens what the activities of the served queues need and makes them. A site's keys are read only where its own queue is served: an
 * appliance's worker needs none.
 *
 * @param failpoint - instead of the rules in DISKFERRY_FAILPOINTS: for a test that runs a worker in its own process
 * @throws DiskferryFailure `configuration-invalid` when a site's keys cannot be read
 */
export async function wireActivities(serving: Serving, failpoint?: Failpoint): Promise<WiredActivities> {
  const shared = openShared(serving, failpoint);
  const closers: (() => Promise<void>)[] = [() => shared.database.close()];
  const queues: WiredQueue[] = [];
  const sites: WatchedSite[] = [];
  for (const queue of serving.queues) {
    const { activities, site, close } = await wireQueue(serving, shared, queue);
    queues.push({ queue, activities });
    if (site !== undefined) sites.push(site);
    if (close !== undefined) closers.unshift(close);
  }
  return {
    queues,
    sites,
    runFigures: shared.runFigures,
    ping: () => shared.database.transaction(() => Promise.resolve()),
    close: async () => {
      for (const close of closers) await close();
    },
  };
}

type Shared = ReturnType<typeof openShared>;

/** What the activities of every queue may use. */
function openShared({ database, environment, log, temporal }: Serving, given?: Failpoint) {
  const { url, password } = database;
  const secret = password === undefined ? {} : { password };
  const rules = parseFailpoints(environment['DISKFERRY_FAILPOINTS'] ?? '');
  const failpoint = given ?? (rules.length === 0 ? undefined : makeFailpoint(rules));
  const repositories = openDatabase({ url, ...secret, logger: log });
  return {
    ...repositories,
    vmDisks: repositories.disks,
    checkSchema: async () => {
      await translateDatabaseError(() => checkSchema(url, secret));
    },
    survey: () => surveyDatabase({ url, ...secret }),
    isRunClosed: (workflowId: string, runId: string) => temporal.isRunClosed(workflowId, runId),
    endOfRun: (workflowId: string, firstRunId: string) => temporal.endOfRun(workflowId, firstRunId),
    clock: systemClock,
    polling: defaultPolling,
    effect: makeEffect(failpoint),
    run: currentRun,
    log,
  };
}

async function wireQueue(
  { configuration, log, metrics, temporal }: Serving,
  shared: Shared,
  queue: ServedQueue,
): Promise<{
  readonly activities: ServedActivities;
  readonly site?: WatchedSite;
  readonly close?: () => Promise<void>;
}> {
  switch (queue.kind) {
    case 'main':
      return {
        activities: {
          ...makeMainActivities(shared),
          ...makeFailoverMainActivities(shared),
          endRecord: makeEndRecord(shared),
          reconcileJobs: makeReconcileJobs({ ...shared, reconciled: countReconciliations(metrics) }),
          runDoctor: makeRunDoctor({
            ...shared,
            truths: readTruthsOf(configuration, {
              database: () => readDatabase(shared.survey),
              temporal: { known: temporal.client },
            }),
            examined: countFindings(metrics),
          }),
        },
      };
    case 'site': {
      const { site } = queue;
      const answers = new SiteAnswers();
      const { api, settings } = await openSite(configuration, site, {
        logger: log,
        watcher: (call) => {
          answers.watch(call);
          const { command, outcome, seconds } = call;
          metrics?.count('diskferry_cloudstack_calls_total', { site: site.name, command, outcome });
          metrics?.observe('diskferry_cloudstack_call_seconds', { site: site.name }, seconds);
        },
      });
      const facts = makeSiteFacts(api, settings, shared.clock);
      const deps = { ...shared, api, settings, facts, runCommand, commands: site };
      const activities = {
        ...makeSiteActivities(deps),
        ...makePointActivities(deps),
        ...makeFailoverVmActivities(deps),
        examineSite: makeExamineSite(deps),
        planRepair: makePlanRepair(deps),
        settleOperation: makeSettleOperation(deps),
        closeOlderOperation: makeCloseOlderOperation(deps),
        adoptVolume: makeAdoptVolume(deps),
      };
      return { activities, site: { name: site.name, api, answers }, close: () => api.close() };
    }
    case 'appliance': {
      const parts = makeApplianceParts(queue);
      return {
        activities: {
          ...makeApplianceActivities({ ...shared, ...parts }),
          inspectAppliance: makeInspectAppliance({ ...shared, ...parts }),
        },
      };
    }
    case 'appliance-copy': {
      const parts = makeApplianceParts(queue);
      const site = queue.site.name;
      const counted = countedCopying(parts, (work, bytes) => {
        metrics?.count('diskferry_copy_bytes_total', { site, work }, bytes);
      });
      const deps = { ...shared, ...parts, ...counted, commands: queue.site };
      return { activities: { ...makeCopyActivities(deps), ...makeGuestActivities(deps) } };
    }
  }
}
