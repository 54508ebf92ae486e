import { repairFacts } from '../doctor/repair-facts';
import { doctorReport } from '../doctor/report';
import type { Truths } from '../doctor/truths';
import { type View, viewOf } from '../doctor/view';
import type { DoctorSummary } from '../domain/doctor-io';
import type { Finding } from '../domain/findings';
import { reconcileSiteInputSchema } from '../domain/reconcile-io';
import { activity } from './activity';
import type { CurrentRun } from './activity-run';
import type { Log } from './log';
import type { ReconcileActivities } from './queues';

/** What runDoctor needs. */
export interface DoctorWork {
  /** Reads the truths of a site; what cannot be read is said in its place. Throws `site-unknown`. */
  readonly truths: (site: string) => Promise<Truths>;
  readonly run: CurrentRun;
  readonly log: Log;
  /** told what a look at a site found */
  readonly examined?: (site: string, findings: readonly Finding[]) => void;
}

/** How many findings the summary names. */
const GRAVEST = 5;

/**
 * runDoctor: looks at a site as `diskferry doctor` does and says what it found in the log and in the metrics (design §4
 * "Afterwards"). Only looks, and a truth that cannot be read is a finding. The answer goes into a history, so it is small.
 */
export function makeRunDoctor(work: DoctorWork): ReconcileActivities['runDoctor'] {
  return activity(
    'runDoctor',
    work.run,
    reconcileSiteInputSchema,
    ({ site }) => ({ site, applianceId: '?' }),
    async ({ site }) => {
      const truths = await work.truths(site);
      const { findings, sites } = doctorReport([truths], 'info');
      const view = viewOf(truths);
      for (const finding of findings) logFinding(work.log, view, finding);
      work.examined?.(site, findings);
      const count = (severity: Finding['severity']): number =>
        findings.filter((finding) => finding.severity === severity).length;
      const summary: DoctorSummary = {
        at: truths.at,
        findings: {
          critical: count('critical'),
          error: count('error'),
          warning: count('warning'),
          info: count('info'),
        },
        gravest: findings.slice(0, GRAVEST).map(({ id }) => id),
        notCompared: sites.flatMap(({ notCompared }) => notCompared),
      };
      const { notCompared } = summary;
      work.log.info({ site, findings: summary.findings, notCompared }, 'Doctor has looked at the site');
      return summary;
    },
  );
}

function logFinding(log: Log, view: View, finding: Finding): void {
  const { kind, severity, site, id, message, mend } = finding;
  const { vm, volumeId } = repairFacts(view, finding);
  const fields = {
    finding: id,
    kind,
    severity,
    subject: id.slice(kind.length + 1),
    site,
    ...(vm !== undefined && { vm }),
    ...(volumeId !== undefined && { volumeId }),
    next: mend,
  };
  if (severity === 'info') log.info(fields, message);
  else log.warn(fields, message);
}
