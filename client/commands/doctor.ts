import { setTimeout as sleep } from 'node:timers/promises';
import { doctorExitCode } from '../../domain/findings';
import type { Severity } from '../../domain/finding-table';
import { loadConfiguration, type SiteConfiguration, type WorkerConfiguration } from '../../worker/config';
import { type CommandContext, requireConfigurationFile } from '../command-context';
import { doctorReport, type DoctorReport } from '../../doctor/report';
import { doctorLines } from '../doctor-text';
import { chosenSites, withTruths } from '../doctor-look';
import { EndedWith } from '../ended-with';

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
  const sites = chosenSites(configuration, site);
  let last: string | undefined;
  for (;;) {
    const report = await look(context, configuration, sites, options.severity);
    const ids = report.findings.map(({ id }) => id).join('\n');
    if (ids !== last) show(context, report);
    if (options.watch !== true) {
      const exitCode = doctorExitCode(report.findings);
      if (exitCode !== 0) throw new EndedWith(exitCode);
      return;
    }
    last = ids;
    await sleep(options.every * 1000);
  }
}

async function look(
  context: CommandContext,
  configuration: WorkerConfiguration,
  sites: readonly SiteConfiguration[],
  least: Severity,
): Promise<DoctorReport> {
  return await withTruths(context, configuration, sites, (truths) => Promise.resolve(doctorReport(truths, least)));
}

function show(context: CommandContext, report: DoctorReport): void {
  for (const line of doctorLines(report)) context.print(line);
  context.printJson({ ...report, exitCode: doctorExitCode(report.findings) });
}
