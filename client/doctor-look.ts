import { surveyDatabase } from '../database/survey';
import { readDatabase, readTruths } from '../doctor/read-truths';
import type { Truth, Truths } from '../doctor/truths';
import { failure } from '../domain/failures';
import type { SiteConfiguration, WorkerConfiguration } from '../worker/config';
import { doctorSources } from '../worker/doctor-sources';
import { databaseAccess } from '../worker/secrets';
import type { CommandContext } from './command-context';
import type { TemporalAccess } from './connect';
import { reachTemporal } from './reach-temporal';
import { withProgress } from './with-progress';

/** The site of that name, or all. Throws `site-unknown`. */
export function chosenSites({ sites }: WorkerConfiguration, name: string | undefined): readonly SiteConfiguration[] {
  if (name === undefined) return [...sites.values()];
  const site = sites.get(name);
  if (site === undefined) throw failure('site-unknown', { site: name, configured: [...sites.keys()].join(', ') });
  return [site];
}

/** One look at the sites, and work on what was seen, with the connection to Temporal where there is one. */
export async function withTruths<T>(
  context: CommandContext,
  configuration: WorkerConfiguration,
  sites: readonly SiteConfiguration[],
  work: (truths: readonly Truths[], temporal: Truth<TemporalAccess>) => Promise<T>,
): Promise<T> {
  const temporal = await reachTemporal(context);
  try {
    const { url, password } = await databaseAccess(configuration, context.io.env);
    const survey = () => surveyDatabase({ url, ...(password !== undefined && { password }) });
    const database = await withProgress(context, 'reading the database', readDatabase(survey));
    const shared = {
      database: () => Promise.resolve(database),
      temporal: 'known' in temporal ? { known: temporal.known.client } : temporal,
    };
    const reading = Promise.all(sites.map((each) => readTruths(doctorSources(configuration, each, shared))));
    const names = sites.map(({ name }) => name).join(', ');
    return await work(await withProgress(context, `looking at ${names}`, reading), temporal);
  } finally {
    if ('known' in temporal) await temporal.known.close();
  }
}
