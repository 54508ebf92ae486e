import type { Client } from '@temporalio/client';
import { isCloudStackError } from '../cloudstack/errors';
import { DatabaseUnavailableError } from '../database/errors';
import { type Survey, surveyDatabase } from '../database/survey';
import {
  type OpenRun,
  type RunEnd,
  runKey,
  type SeenAppliance,
  type SiteFacts,
  type TemporalSight,
  type Truth,
  type Truths,
} from '../doctor/truths';
import { DiskferryFailure } from '../domain/failures';
import { taskQueues } from '../domain/names';
import { cloudStackFailure } from '../site/cloudstack-failure';
import { readHoldings, type SiteHoldings } from '../site/read-holdings';
import type { SiteConfiguration, WorkerConfiguration } from '../worker/config';
import { databaseAccess } from '../worker/secrets';
import { openSite, type SiteAccess } from '../worker/site-access';
import { examineByWorker, inspect, namedRuns, readOpenRuns, readQueues, readRun } from './doctor-temporal';
import { missingSearchAttributes } from './search-attributes';

/** How long CloudStack may take for everything that doctor lists, in milliseconds. */
const CLOUDSTACK_MS = 60_000;
/** How long for one answer. */
const EXCHANGE_MS = 15_000;

/** What doctor asks. */
export interface DoctorSources {
  readonly configuration: WorkerConfiguration;
  readonly environment: NodeJS.ProcessEnv;
  /** Temporal, or a sentence about why it cannot be asked */
  readonly temporal: Truth<Client>;
}

/** The database, as all sites share it. Throws `configuration-invalid` when the configuration does not lead to one. */
export async function readDatabase({ configuration, environment }: DoctorSources): Promise<Truth<Survey>> {
  const { url, password } = await databaseAccess(configuration, environment);
  try {
    return { known: await surveyDatabase({ url, ...(password !== undefined && { password }) }) };
  } catch (error) {
    const unknown = error instanceof DatabaseUnavailableError ? error.message : `the database: ${errorText(error)}`;
    return { unknown };
  }
}

/**
 * Reads the truths of one site, each from whoever decides it, side by side. Only looks; the one thing that it starts is the workflow
 * that has the appliances looked into. What cannot be read is said in its place.
 */
export async function readTruths(
  sources: DoctorSources,
  site: SiteConfiguration,
  database: () => Promise<Truth<Survey>>,
): Promise<Truths> {
  const at = new Date().toISOString();
  const facts = factsOf(sources.configuration, site);
  // Runs are listed before and after the rest: one that began or ended meanwhile explains what does not agree.
  const before = await readTemporal(sources.temporal, facts);
  const [survey, cloudStack, appliances] = await Promise.all([
    database(),
    readCloudStack(sources, site, before),
    readAppliances(sources.temporal, facts, before),
  ]);
  const temporal = await readEnds(sources.temporal, before, survey);
  return { at, site: facts, database: survey, cloudStack, appliances, temporal };
}

function factsOf({ sites }: WorkerConfiguration, site: SiteConfiguration): SiteFacts {
  const others = [...sites.values()].filter(({ name }) => name !== site.name);
  return {
    name: site.name,
    applianceIds: [...site.appliances.keys()],
    recoveryPoints: site.recoveryPoints,
    otherSites: others.map(({ name }) => name),
    otherApplianceIds: others.flatMap(({ appliances }) => [...appliances.keys()]),
  };
}

/** With the site's keys; where they cannot be read here, through the site's worker, which has them. */
async function readCloudStack(
  { configuration, temporal }: DoctorSources,
  site: SiteConfiguration,
  sight: Truth<TemporalSight>,
): Promise<Truth<SiteHoldings>> {
  let access: SiteAccess;
  try {
    access = await openSite(configuration, site);
  } catch (error) {
    const queue = taskQueues.site(site.name);
    const served = 'known' in sight && sight.known.queues.some(({ name, polled }) => name === queue && polled);
    if ('known' in temporal && served) return await examineByWorker(temporal.known, site.name);
    return { unknown: cloudStackCause(error, site) };
  }
  try {
    const options = { timeoutMs: EXCHANGE_MS, signal: AbortSignal.timeout(CLOUDSTACK_MS) };
    return { known: await readHoldings(access.api, access.settings, options) };
  } catch (error) {
    return { unknown: cloudStackCause(error, site) };
  } finally {
    await access.api.close();
  }
}

function cloudStackCause(error: unknown, { name, endpoint }: SiteConfiguration): string {
  const known = error instanceof DiskferryFailure ? error : cloudStackFailure(error, name);
  if (known !== undefined) return known.message;
  if (isCloudStackError(error))
    return `CloudStack of site ${name} at ${endpoint} refuses ${error.command}: ${error.text}`;
  return `CloudStack of site ${name} at ${endpoint}: ${errorText(error)}`;
}

/** What does not depend on the tables. */
async function readTemporal(access: Truth<Client>, { name, applianceIds }: SiteFacts): Promise<Truth<TemporalSight>> {
  if ('unknown' in access) return access;
  const temporal = access.known;
  try {
    const [openRuns, queues, missing] = await Promise.all([
      readOpenRuns(temporal),
      readQueues(temporal, name, applianceIds),
      missingSearchAttributes(temporal),
    ]);
    return { known: { openRuns, ends: new Map(), queues, missingSearchAttributes: missing } };
  } catch (error) {
    return { unknown: errorText(error) };
  }
}

async function readAppliances(
  access: Truth<Client>,
  { name, applianceIds }: SiteFacts,
  sight: Truth<TemporalSight>,
): Promise<ReadonlyMap<string, Truth<SeenAppliance>>> {
  if ('unknown' in access || 'unknown' in sight) return new Map();
  const polled = new Set(sight.known.queues.filter((queue) => queue.polled).map((queue) => queue.name));
  if (!polled.has(taskQueues.main)) return new Map();
  return await inspect(
    access.known,
    name,
    applianceIds.filter((id) => polled.has(taskQueues.appliance(id))),
  );
}

/** What came of the runs that the tables take for open, and which are open by now. */
async function readEnds(
  access: Truth<Client>,
  before: Truth<TemporalSight>,
  survey: Truth<Survey>,
): Promise<Truth<TemporalSight>> {
  if ('unknown' in access || 'unknown' in before) return before;
  try {
    const open = new Map<string, OpenRun>();
    const see = (run: OpenRun): void => void open.set(runKey(run.workflowId, run.runId), run);
    for (const run of [...before.known.openRuns, ...(await readOpenRuns(access.known))]) see(run);
    const ends = new Map<string, RunEnd>();
    const firstRuns = new Set([...open.values()].map(({ workflowId, firstRunId }) => runKey(workflowId, firstRunId)));
    for (const [key, run] of 'known' in survey ? namedRuns(survey.known) : []) {
      if (open.has(key) || firstRuns.has(key)) continue;
      const found = await readRun(access.known, run.workflowId, run.runId);
      if ('words' in found) ends.set(key, found);
      else see(found);
    }
    return { known: { ...before.known, openRuns: [...open.values()], ends } };
  } catch (error) {
    return { unknown: errorText(error) };
  }
}

function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message === '' ? error.name : error.message;
}
