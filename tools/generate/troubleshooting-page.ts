import { failureTable, type FailureRow } from '../../domain/failure-table';
import { code, generatedNotice, markdownTable } from './markdown';
import { symptoms, type Symptom } from './symptoms';

const classes: readonly (readonly string[])[] = [
  ['refused', 'wrong request or site', 'no retry; what was made is taken back'],
  ['conflict', 'somebody else holds it, and is named', 'no retry; what was made is taken back'],
  ['failed', 'CloudStack or the appliance tried and it did not work', 'a counted number of tries, then compensation'],
  ['unavailable', 'nobody answered', 'waits as long as it takes, visibly; never compensates'],
  ['unknown', 'the outcome is not known', 'looks what came of it, then decides'],
];

/** docs/troubleshooting.md, from the table of failures and the table of symptoms. */
export function troubleshootingPage(): string {
  return [
    generatedNotice,
    '# Troubleshooting',
    '',
    'Begin with what you see. If you have a code (in brackets in an error text, `error.code` with `--json`, the type of the failure in Temporal), search this page for it. If you have nothing, run `diskferry doctor` ([doctor.md](doctor.md), [findings.md](findings.md)) and `diskferry explain VM`; both change nothing.',
    '',
    ...symptoms.map(({ sees }) => `- [${sees}](#${anchor(sees)})`),
    '',
    '## Codes and classes',
    '',
    'Every failure that Diskferry reports has a code, which never changes its meaning, and a class, which decides what the system does. `--json` prints it as `{"error": {"code", "class", "message", "next", "fields", "exitCode"}}`. Exit codes: 0 done, 1 failed, 2 wrong usage.',
    '',
    markdownTable(['class', 'means', 'what happens'], classes),
    '',
    ...symptoms.flatMap(symptomSection),
  ].join('\n');
}

function symptomSection({ sees, means, look, failures, findings }: Symptom): string[] {
  return [
    `## ${sees}`,
    '',
    means,
    '',
    markdownTable(
      ['look with', 'which tells'],
      look.map(([command, tells]) => [code(command), tells]),
    ),
    '',
    ...(findings.length === 0
      ? []
      : [`Doctor's findings: ${findings.map((kind) => `[${kind}](findings.md#${kind})`).join(', ')}.`, '']),
    ...failures.flatMap((name) => failureSection(name, failureTable[name])),
  ];
}

function failureSection(name: string, row: FailureRow): string[] {
  return [
    `### ${name}`,
    '',
    `> ${row.message.replaceAll('<', '&lt;')}`,
    '',
    row.means,
    '',
    `- class: ${row.class}, exit code ${String(row.exitCode)}`,
    `- Diskferry ${row.systemDoes}`,
    `- you: ${row.next}`,
    '',
  ];
}

/** The anchor that GitHub and GitLab give a heading. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}
