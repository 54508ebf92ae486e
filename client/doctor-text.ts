import type { Finding } from '../domain/findings';
import type { Severity } from '../domain/finding-table';
import type { DoctorReport, DoctorSite } from '../doctor/report';
import { labelled } from './wrapped-text';

const WIDTH = 80;

/** The report as lines for people, gravest first. */
export function doctorLines(report: DoctorReport): string[] {
  const { findings, sites } = report;
  return [
    ...sites.flatMap(siteLines),
    ...findings.flatMap((finding) => ['', ...findingLines(finding)]),
    '',
    findings.length === 0 ? 'All well. Nothing was changed.' : `${countWords(findings)}. Nothing was changed.`,
  ];
}

function siteLines({ site, compared, notCompared }: DoctorSite): string[] {
  const number = (count: number | null): string => (count === null ? 'no' : String(count));
  return [
    `Site ${site}: ${number(compared.volumes)} volumes, ${number(compared.mappings)} mappings, ${number(compared.openRuns)} open runs and ${String(compared.appliances)} appliances compared`,
    ...notCompared.flatMap((sentence) => labelled('  ! ', sentence, WIDTH)),
  ];
}

/** One finding, in the order in which it is read: what, whose, what was seen, what can come of it, what to do. */
export function findingLines(finding: Finding): string[] {
  const { severity, title, message, owner, evidence, risk, mend, id, repair } = finding;
  return [
    `${severity.toUpperCase().padEnd(8)}  ${title}`,
    ...labelled('  ', message, WIDTH),
    ...(owner === null ? [] : labelled('  owner: ', owner, WIDTH)),
    ...evidence.flatMap((seen) => labelled('  seen:  ', seen, WIDTH)),
    ...labelled('  risk:  ', risk, WIDTH),
    // not broken: it is there to be copied
    `  do:    ${mend}`,
    `  id:    ${id}${repair === 'no' ? '' : repair === 'yes' ? '   (repair can mend it)' : '   (repair mends it when it is named)'}`,
  ];
}

/** `2 findings: 1 critical, 1 warning` */
export function countWords(findings: readonly Pick<Finding, 'severity'>[]): string {
  const severities: readonly Severity[] = ['critical', 'error', 'warning', 'info'];
  const parts = severities.flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [`${String(count)} ${severity}`];
  });
  return `${String(findings.length)} ${findings.length === 1 ? 'finding' : 'findings'}: ${parts.join(', ')}`;
}
