import type { Client } from '@temporalio/client';
import type { CloudStackApi } from '../cloudstack/api';
import { isCloudStackError } from '../cloudstack/errors';
import { DatabaseUnavailableError } from '../database/errors';
import type { Survey } from '../database/survey';
import { DiskferryFailure } from '../domain/failures';
import { taskQueues } from '../domain/names';
import { cloudStackFailure } from '../site/cloudstack-failure';
import { readHoldings, type SiteHoldings } from '../site/read-holdings';
import type { SiteSettings } from '../site/site-settings';
import { missingSearchAttributes } from '../temporal/search-attributes';
import { examineByWorker, inspect, namedRuns, readOpenRuns, readQueues, readRun } from './read-temporal';
import {
  type OpenRun,
  type RunEnd,
  runKey,
  type SeenAppliance,
  type SiteFacts,
  type TemporalSight,
  type Truth,
  type Truths,
} from './truths';

/** How long CloudStack may take for everything that doctor lists, in milliseconds. */
const CLOUDSTACK_MS = 60_000;
/** How long for one answer. */
const EXCHANGE_MS = 15_000;

/** Who is asked about a site. */
export interface DoctorSources {
  readonly site: SiteFacts;
  /** of the site's CloudStack, for messages */
  readonly endpoint: string;
  /** The site's CloudStack by the keys of this machine; it is closed afterwards. Throws where they cannot be read here. */
  readonly openSite: () => Promise<{ readonly api: CloudStackApi; readonly settings: SiteSettings }>;
  readonly database: () => Promise<Truth<Survey>>;
  /** Temporal, or a sentence about why it cannot be asked */
  readonly temporal: Truth<Client>;
}

/** The database, as all sites share it. */
export async function readDatabase(survey: () => Promise<Survey>): Promise<Truth<Survey>> {
  try {
    return { known: await survey() };
  } catch (error) {
    const unknown = error instanceof DatabaseUnavailableError ? error.message : `the database: ${errorText(error)}`;
    return { unknown };
  }
}

/**
 * Reads the truths of one site, each from whoever decides it, side by side. Only looks; the one thing that it starts is the workflow
 * that has the appliances looked into. What cannot be read is said in its place.
 */
export async function readTruths(sources: DoctorSources): Promise<Truths> {
  const at = new Date().toISOString();
  const { site } = sources;
  // Runs are listed before and after the rest: one that began or ended meanwhile explains what does not agree.
  const before = await readTemporal(sources.temporal, site);
  const [survey, cloudStack, appliances] = await Promise.all([
    sources.database(),
    readCloudStack(sources, before),
    readAppliances(sources.temporal, site, before),
  ]);
  const temporal = await readEnds(sources.temporal, before, survey);
  return { at, site, database: survey, cloudStack, appliances, temporal };
}

/** With the site's keys; where they cannot be read here, through the site's worker, which has them. */
async function readCloudStack(
  { site, endpoint, openSite, temporal }: DoctorSources,
  sight: Truth<TemporalSight>,
): Promise<Truth<SiteHoldings>> {
  let access: Awaited<ReturnType<typeof openSite>>;
  try {
    access = await openSite();
  } catch (error) {
    const queue = taskQueues.site(site.name);
    const served = 'known' in sight && sight.known.queues.some(({ name, polled }) => name === queue && polled);
    if ('known' in temporal && served) return await examineByWorker(temporal.known, site.name);
    return { unknown: cloudStackCause(error, site.name, endpoint) };
  }
  try {
    const options = { timeoutMs: EXCHANGE_MS, signal: AbortSignal.timeout(CLOUDSTACK_MS) };
    return { known: await readHoldings(access.api, access.settings, options) };
  } catch (error) {
    return { unknown: cloudStackCause(error, site.name, endpoint) };
  } finally {
    await access.api.close();
  }
}

function cloudStackCause(error: unknown, name: string, endpoint: string): string {
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
