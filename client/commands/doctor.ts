import { setTimeout as sleep } from 'node:timers/promises';
import { failure } from '../../domain/failures';
import { doctorExitCode } from '../../domain/findings';
import type { Severity } from '../../domain/finding-table';
import { loadConfiguration, type SiteConfiguration, type WorkerConfiguration } from '../../worker/config';
import { type CommandContext, requireConfigurationFile } from '../command-context';
import { doctorReport, type DoctorReport } from '../doctor-report';
import { doctorLines } from '../doctor-text';
import { type DoctorSources, readDatabase, readTruths } from '../doctor-truths';
import { EndedWith } from '../ended-with';
import { reachTemporal } from '../reach-temporal';
import { withProgress } from '../with-progress';

export interface DoctorOptions {
  readonly severity: Severity;
  readonly watch?: boolean;
  /** seconds between two looks of `--watch` */
  readonly every: number;
}

/**
 * `diskferry doctor [SITE]`: with `--watch` until it is interrupted, one report whenever the findings are others than before; with
 * `--json` one object per report.
 *
 * @throws DiskferryFailure `usage`, `configuration-invalid` or `site-unknown`; what cannot be read otherwise is a finding
 */
export async function run(context: CommandContext, site: string | undefined, options: DoctorOptions): Promise<void> {
  const configuration = await loadConfiguration(requireConfigurationFile(context));
  const sites = sitesOf(configuration, site);
  let last = '';
  for (;;) {
    const report = await look(context, configuration, sites, options.severity);
    const ids = report.findings.map(({ id }) => id).join('\n');
    if (options.watch !== true || last === '' || ids !== last) show(context, report);
    if (options.watch !== true) {
      const exitCode = doctorExitCode(report.findings);
      if (exitCode !== 0) throw new EndedWith(exitCode);
      return;
    }
    last = ids === '' ? 'none' : ids;
    await sleep(options.every * 1000);
  }
}

function sitesOf({ sites }: WorkerConfiguration, name: string | undefined): readonly SiteConfiguration[] {
  if (name === undefined) return [...sites.values()];
  const site = sites.get(name);
  if (site === undefined) throw failure('site-unknown', { site: name, configured: [...sites.keys()].join(', ') });
  return [site];
}

/** One look at all sites. */
async function look(
  context: CommandContext,
  configuration: WorkerConfiguration,
  sites: readonly SiteConfiguration[],
  least: Severity,
): Promise<DoctorReport> {
  const temporal = await reachTemporal(context);
  try {
    const sources: DoctorSources = {
      configuration,
      environment: context.io.env,
      temporal: 'known' in temporal ? { known: temporal.known.client } : temporal,
    };
    const names = sites.map(({ name }) => name).join(', ');
    const database = await withProgress(context, 'reading the database', readDatabase(sources));
    const reading = Promise.all(sites.map((each) => readTruths(sources, each, () => Promise.resolve(database))));
    return doctorReport(await withProgress(context, `looking at ${names}`, reading), least);
  } finally {
    if ('known' in temporal) await temporal.known.close();
  }
}

function show(context: CommandContext, report: DoctorReport): void {
  for (const line of doctorLines(report)) context.print(line);
  context.printJson({ ...report, exitCode: doctorExitCode(report.findings) });
}
