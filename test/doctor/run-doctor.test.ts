import { expect, test } from '@jest/globals';
import { makeRunDoctor } from '../../activities/run-doctor';
import type { DoctorSummary } from '../../domain/doctor-io';
import { countFindings } from '../../worker/count-findings';
import { Metrics } from '../../worker/metrics';
import { APPLIANCE, DATA, healthySite, jobSheet, OPERATION, type OpenSite, truthsOf, VM_PATH } from './site';

const ORDER: readonly unknown[] = ['critical', 'error', 'warning', 'info'];

interface Line {
  readonly level: 'info' | 'warn';
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

/** runDoctor of a site whose truths are as given. */
async function look(site: OpenSite, examined = countFindings(undefined)) {
  const lines: Line[] = [];
  const logAs =
    (level: Line['level']) =>
    (fields: object, message: string): void =>
      void lines.push({ level, fields: fields as Record<string, unknown>, message });
  const summary: DoctorSummary = await makeRunDoctor({
    truths: () => Promise.resolve(truthsOf(site)),
    run: () => ({
      workflowId: 'reconcile-site/qc',
      runId: 'r',
      activityId: '1',
      signal: new AbortController().signal,
      heartbeat: () => undefined,
    }),
    log: { info: logAs('info'), warn: logAs('warn') },
    examined,
  })({ site: 'qc' });
  return { summary, lines };
}

test('a site where all is well: nothing found, one line', async () => {
  const { summary, lines } = await look(healthySite());
  expect(summary).toMatchObject({ findings: { critical: 0, error: 0, warning: 0, info: 0 }, gravest: [] });
  expect(summary.notCompared).toEqual([]);
  expect(lines.map(({ message }) => message)).toEqual(['Doctor has looked at the site']);
});

test('each finding is a line with its kind, severity, subject, VM and volume; the answer has counts and ids only', async () => {
  const { summary, lines } = await look(jobSheet());
  expect(lines.find(({ fields }) => fields['kind'] === 'failed-operation')).toEqual({
    level: 'warn',
    fields: {
      finding: `failed-operation/${OPERATION}`,
      kind: 'failed-operation',
      severity: 'error',
      subject: OPERATION,
      site: 'qc',
      vm: VM_PATH,
      volumeId: DATA,
      next: expect.stringContaining('diskferry '),
    },
    message: expect.stringContaining(OPERATION),
  });
  expect(summary.gravest).toContain(`failed-operation/${OPERATION}`);
  expect(summary.findings.error).toBeGreaterThanOrEqual(1);
  expect(lines).toHaveLength(1 + Object.values(summary.findings).reduce((sum, count) => sum + count, 0));
  expect(Object.keys(summary).sort()).toEqual(['at', 'findings', 'gravest', 'notCompared']);
});

test('names the gravest few of many, the gravest first', async () => {
  const site = jobSheet();
  site.temporal.queues = Array.from({ length: 8 }, (_, index) => ({ name: `queue-${String(index)}`, polled: false }));
  const { summary, lines } = await look(site);
  expect(summary.gravest).toHaveLength(5);
  const gravity = summary.gravest.map((id) => lines.find(({ fields }) => fields['finding'] === id)?.fields['severity']);
  expect(gravity).toEqual([...gravity].sort((one, other) => ORDER.indexOf(one) - ORDER.indexOf(other)));
  expect(lines.length).toBeGreaterThan(9);
});

test.each([
  ['database', 'database-unreachable', 'The database could not be read.'],
  ['cloudStack', 'cloudstack-unreachable', 'CloudStack could not be asked.'],
  ['temporal', 'temporal-unreachable', 'Temporal could not be asked, so neither could the appliances.'],
  ['appliance', 'appliance-silent', undefined],
] as const)('that cannot read the truth of %s says so and does not fail', async (truth, kind, sentence) => {
  const site = healthySite();
  site.unknown[truth] = 'nobody answers';
  const { summary, lines } = await look(site);
  expect(summary.gravest.map((id) => id.split('/')[0])).toContain(kind);
  expect(summary.notCompared).toEqual(sentence === undefined ? [] : [sentence]);
  expect(lines.map(({ fields }) => fields['kind'])).toContain(kind);
});

test('the gauges hold the last look at each site: what is mended is gone, another site stays', async () => {
  const metrics = new Metrics('x');
  const examined = countFindings(metrics);
  const gauges = async (): Promise<string[]> =>
    (await metrics.text()).split('\n').filter((line) => line.startsWith('diskferry_doctor_findings{'));
  await look(jobSheet(), examined);
  examined('other', []);
  const before = await gauges();
  expect(before).toContain('diskferry_doctor_findings{site="qc",severity="error",kind="failed-operation"} 1');
  expect(before.join('\n')).not.toContain(APPLIANCE);
  await look(healthySite(), examined);
  expect(await gauges()).toEqual([]);
  const seconds = /diskferry_last_doctor_timestamp_seconds\{site="(qc|other)"\} (\d+)/g;
  const times = [...(await metrics.text()).matchAll(seconds)];
  expect(times.map(([, site]) => site).sort()).toEqual(['other', 'qc']);
  for (const [, , at] of times) expect(Math.abs(Date.now() / 1000 - Number(at))).toBeLessThan(60);
});
