import { examine } from './examine';
import type { Truths } from './truths';
import { atLeast, type Finding, inOrder } from '../domain/findings';
import type { Severity } from '../domain/finding-table';

/** What `diskferry doctor` found, as `--json` prints it. */
export interface DoctorReport {
  /** when the look began, as an ISO time */
  readonly at: string;
  readonly sites: readonly DoctorSite[];
  /** gravest first */
  readonly findings: readonly Finding[];
}

export interface DoctorSite {
  readonly site: string;
  /** how much was compared; null where a part could not be read */
  readonly compared: {
    readonly volumes: number | null;
    readonly mappings: number | null;
    readonly openRuns: number | null;
    readonly appliances: number;
  };
  /** what was not compared, and why: one sentence each */
  readonly notCompared: readonly string[];
}

/** Judges what was read of all sites. What the sites share, such as the database, is said once. */
export function doctorReport(all: readonly Truths[], least: Severity): DoctorReport {
  const findings = new Map<string, Finding>();
  for (const truths of all) {
    for (const finding of examine(truths)) if (!findings.has(finding.id)) findings.set(finding.id, finding);
  }
  return {
    at: all[0]?.at ?? new Date().toISOString(),
    sites: all.map(siteOf),
    findings: inOrder([...findings.values()].filter(({ severity }) => atLeast(severity, least))),
  };
}

function siteOf({ site, database, cloudStack, temporal, appliances }: Truths): DoctorSite {
  const seen = [...appliances.values()].filter((sight) => 'known' in sight).length;
  const unseen = site.applianceIds.filter((id) => !appliances.has(id));
  return {
    site: site.name,
    compared: {
      volumes: 'known' in cloudStack ? cloudStack.known.volumes.length : null,
      mappings: 'known' in database ? database.known.rows.device_mappings.length : null,
      openRuns: 'known' in temporal ? temporal.known.openRuns.length : null,
      appliances: seen,
    },
    notCompared: [
      ...('unknown' in database ? ['The database could not be read.'] : []),
      ...('unknown' in cloudStack ? ['CloudStack could not be asked.'] : []),
      ...('unknown' in temporal ? ['Temporal could not be asked, so neither could the appliances.'] : []),
      ...('unknown' in temporal
        ? []
        : unseen.map((id) => `Appliance ${id} was not looked into: nobody polls its task queue, or the main one.`)),
    ],
  };
}
