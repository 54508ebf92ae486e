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
    `${count(plan.mappings, 'mapping')} would be adopted, ${plan.past.length} ${plan.past.length === 1 ? 'goes' : 'go'} to the history, ${count(plan.disks, 'disk')}:`,
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

/** What was written, and what was not, for people. */
export function adoptedLines({ mappings, disks, operations, leftBehind }: AdoptionPlan): string[] {
  const also = operations.length === 0 ? '' : `, ${count(operations, 'operation')} to settle with diskferry repair`;
  return [
    `Adopted: ${count(mappings, 'mapping')} and ${count(disks, 'disk')}${also}; read again and found right.`,
    ...leftBehind.map(({ vmName, contextId, status }) => `Left behind whole: VM ${vmName} (${contextId}), ${status}.`),
  ];
}

function count(things: readonly unknown[], what: string): string {
  return `${things.length} ${what}${things.length === 1 ? '' : 's'}`;
}

const order = ['blocks', 'warning', 'note'] as const;

/** Findings, the worst first. */
export function findingLines(findings: readonly Finding[]): string[] {
  return findings
    .toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity))
    .map(({ severity, what }) => `${severity.padEnd(8)} ${what}`);
}
