import { failureTable, type FailureRow } from '../../domain/failure-table';
import { generatedNotice, markdownTable } from './markdown';

const classes: readonly (readonly string[])[] = [
  ['refused', 'wrong request or site', 'no retry; what was made is taken back'],
  ['conflict', 'somebody else holds it, and is named', 'no retry; what was made is taken back'],
  ['failed', 'CloudStack or the appliance tried and it did not work', 'a counted number of tries, then compensation'],
  ['unavailable', 'nobody answered', 'waits as long as it takes, visibly; never compensates'],
  ['unknown', 'the outcome is not known', 'looks what came of it, then decides'],
];

/** docs/failures.md, from the table of failures. */
export function failuresPage(): string {
  const rows: Readonly<Record<string, FailureRow>> = failureTable;
  return [
    generatedNotice,
    '# Failures',
    '',
    'Every failure that Diskferry reports has a code, which never changes its meaning, and a class, which decides what the system does. `--json` prints it as `{"error": {"code", "class", "message", "next", "fields", "exitCode"}}`; in Temporal the code is the type of the failure. Exit codes: 0 done, 1 failed, 2 wrong usage.',
    '',
    markdownTable(['class', 'means', 'what happens'], classes),
    '',
    ...Object.entries(rows).flatMap(([name, row]) => [
      `## ${name}`,
      '',
      `> ${row.message.replaceAll('<', '&lt;')}`,
      '',
      `- class: ${row.class}, exit code ${String(row.exitCode)}`,
      `- Diskferry ${row.systemDoes}`,
      `- you: ${row.next}`,
      '',
    ]),
  ].join('\n');
}
