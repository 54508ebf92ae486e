import type { AdoptionPlan, Finding } from '../database/adopt/adoption-plan';
import type { OlderInstallation } from '../database/adopt/older-rows';
import { formatTable } from './tables';

/** What is there and what would be written, for people. */
export function planLines(older: OlderInstallation, plan: AdoptionPlan): string[] {
  const table = formatTable(
    ['TABLE', 'ROWS'],
    older.tables.map(({ table: name, rows }) => [name, String(rows)]),
  );
  return [
    ...table.split('\n').map((line) => `  ${line}`),
    '',
    `${plan.mappings.length} mappings would be adopted, ${plan.past.length} go to the history, ${plan.disks.length} disks:`,
    ...plan.mappings.flatMap(({ devicePath, olderPath, volumeId, role }) => [
      `  ${devicePath}`,
      `    volume ${volumeId}  ${role}${devicePath === olderPath ? '' : `  was ${olderPath}`}`,
    ]),
    ...plan.disks.map(
      ({ site, sourceId, sourceVmId, diskKey, volumeId, boot }) =>
        `  ${site}/${sourceId}/${sourceVmId} disk ${String(diskKey)}${boot ? ' (boot)' : ''}: volume ${volumeId}`,
    ),
  ];
}

const order = ['blocks', 'warning', 'note'] as const;

/** Findings, the worst first. */
export function findingLines(findings: readonly Finding[]): string[] {
  return findings
    .toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity))
    .map(({ severity, what }) => `${severity.padEnd(8)} ${what}`);
}
