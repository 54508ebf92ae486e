import { findingTable, type FindingRow } from '../../domain/finding-table';
import { generatedNotice, markdownTable } from './markdown';

const severities: readonly (readonly string[])[] = [
  ['critical', 'data may be lost or mixed up, or nothing can go on: look at it now', '5'],
  ['error', 'something is wrong and will not come right by itself', '4'],
  ['warning', 'nothing is broken yet, or something was left over', '3'],
  ['info', 'worth knowing', '0'],
];

/** docs/findings.md, from the table of findings. */
export function findingsPage(): string {
  const rows: Readonly<Record<string, FindingRow>> = findingTable;
  return [
    generatedNotice,
    '# Findings',
    '',
    'Everything that `diskferry doctor` can say ([doctor.md](doctor.md)). The kind never changes its meaning. A finding has an id, `{kind}/{subject}`, by which `diskferry repair` takes it ([repair.md](repair.md)).',
    '',
    markdownTable(['severity', 'means', 'exit code of doctor'], severities),
    '',
    ...Object.entries(rows).flatMap(([kind, row]) => [
      `## ${kind}`,
      '',
      `**${row.title}.**`,
      '',
      `> ${row.message.replaceAll('<', '&lt;')}`,
      '',
      `- severity: ${row.severity}`,
      `- risk: ${row.risk}`,
      `- what mends it: ${row.mend}`,
      `- repair: ${repairOf(row)}`,
      '',
    ]),
  ].join('\n');
}

function repairOf({ repair }: FindingRow): string {
  if (repair === undefined) return 'none by machine';
  return repair.onlyNamed ? `${repair.does}; only when this finding is named` : repair.does;
}
