import { failure } from '../../domain/failures';
import { isCloudStackError } from '../../cloudstack/errors';
import type { ReplicationRequest } from '../../domain/request';
import { cloudStackFailure } from '../../site/cloudstack-failure';
import { loadConfiguration, type SiteConfiguration, type WorkerConfiguration } from '../../worker/config';
import { openSite } from '../../worker/site-access';
import { makeThisMachine } from '../../worker/this-machine';
import { requireConfigurationFile, type CommandContext } from '../command-context';
import { EndedWith } from '../ended-with';
import { makeSiteReport } from '../make-site-report';
import { probeSite } from '../probe-site';
import { readRequestFile } from '../request-file';
import type { SiteReport } from '../site-report';
import { siteReportLines } from '../site-report-text';
import { withProgress } from '../with-progress';

/** `diskferry probe SITE [--request FILE]`: needs the site's CloudStack only, no Temporal and no database; changes nothing. */
export async function run(context: CommandContext, siteName: string, options: { request?: string }): Promise<void> {
  const configuration = await loadConfiguration(requireConfigurationFile(context));
  const site = siteOf(configuration, siteName);
  const request = options.request === undefined ? undefined : await requestFor(site, options.request);
  const report = await withProgress(
    context,
    `asking CloudStack of site ${site.name} at ${site.endpoint}`,
    ask(configuration, site, request),
  );
  for (const line of siteReportLines(report)) context.print(line);
  context.printJson(report);
  if (report.refusals.length > 0) throw new EndedWith(1);
}

async function ask(
  configuration: WorkerConfiguration,
  site: SiteConfiguration,
  request: ReplicationRequest | undefined,
): Promise<SiteReport> {
  const access = await openSite(configuration, site);
  try {
    const probe = await probeSite(access, site, makeThisMachine(), request);
    return makeSiteReport(probe, { ...access, ...site }, request);
  } catch (error) {
    const known = cloudStackFailure(error, site.name);
    if (known !== undefined || !isCloudStackError(error)) throw known ?? error;
    const { command, text: cause } = error;
    throw failure('command-refused', { site: site.name, command, cause }, { cause: error });
  } finally {
    await access.api.close();
  }
}

function siteOf(configuration: WorkerConfiguration, name: string): SiteConfiguration {
  const site = configuration.sites.get(name);
  if (site !== undefined) return site;
  throw failure('site-unknown', { site: name, configured: [...configuration.sites.keys()].join(', ') });
}

async function requestFor(site: SiteConfiguration, file: string): Promise<ReplicationRequest> {
  const request = await readRequestFile(file);
  if (request.site === site.name) return request;
  throw failure('usage', {
    problem: `The request is for site ${request.site}, not for ${site.name}`,
    command: 'diskferry probe',
  });
}
