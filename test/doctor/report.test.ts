import { expect, test } from '@jest/globals';
import { doctorReport } from '../../doctor/report';
import { doctorLines } from '../../client/doctor-text';
import { planRepairs } from '../../client/repair-plans';
import { planLines, repairedVm } from '../../client/repair-text';
import { doctorExitCode } from '../../domain/findings';
import { failureOf } from '../client/support';
import { healthySite, jobSheet, OPERATION, truthsOf, WORKFLOW } from './site';

test.each([
  ['critical', 5],
  ['error', 4],
  ['warning', 3],
  ['info', 0],
] as const)('the gravest finding decides the exit code: %s → %d', (severity, exitCode) => {
  expect(doctorExitCode([{ severity: 'info' }, { severity }])).toBe(exitCode);
  expect(doctorExitCode([])).toBe(0);
});

test('what the operator reads', () => {
  const lines = doctorLines(doctorReport([truthsOf(jobSheet())], 'info'));
  expect(lines.join('\n')).toMatchSnapshot();
  for (const line of lines.filter((each) => !/^ {2}(do|id): /.test(each))) expect(line.length).toBeLessThanOrEqual(100);
});

test('when all is well that is all that is said', () => {
  expect(doctorLines(doctorReport([truthsOf(healthySite())], 'info'))).toEqual([
    'Site qc: 3 volumes, 2 mappings, 0 open runs and 1 appliances compared',
    '',
    'All well. Nothing was changed.',
  ]);
});

test('less grave findings than asked for are left out, and count for nothing', () => {
  const site = jobSheet();
  site.rows.device_mappings = [];
  const report = doctorReport([truthsOf(site)], 'critical');
  expect(report.findings).toEqual([]);
  expect(doctorExitCode(report.findings)).toBe(0);
});

test('what two sites share is said once', () => {
  const site = healthySite();
  site.unknown.temporal = 'nobody answers';
  const { findings, sites } = doctorReport([truthsOf(site), truthsOf(site)], 'info');
  expect(findings.map(({ id }) => id)).toEqual(['temporal-unreachable/temporal']);
  expect(sites).toHaveLength(2);
});

test('the plan of a repair, by the bare id of the failed operation', () => {
  const planned = planRepairs([truthsOf(jobSheet())], [OPERATION.toUpperCase()]);
  expect(planned.map(({ finding, named }) => [finding.id, named])).toEqual([[`failed-operation/${OPERATION}`, true]]);
  expect(planLines(planned).join('\n')).toMatchSnapshot();
});

test('without names the plan is of all that a machine can mend, in its order', () => {
  const planned = planRepairs([truthsOf(jobSheet())], []);
  expect(planned.map(({ finding }) => finding.kind)).toEqual(['failed-operation', 'attachment-without-mapping']);
});

test('a VM whose name nobody knows is called by its id, once', () => {
  expect(repairedVm({ vmName: 'pgtest1', sourceVmId: 'an-id' })).toBe('pgtest1 (an-id)');
  expect(repairedVm({ vmName: 'an-id', sourceVmId: 'an-id' })).toBe('an-id');
});

test('a name that fits nothing is refused, with what is found and who is at work', () => {
  const site = jobSheet();
  site.temporal.openRuns = [{ workflowId: WORKFLOW, runId: 'r', firstRunId: 'r', since: '2025-09-28T18:59:00.000Z' }];
  const { code, message } = failureOf(() => planRepairs([truthsOf(site)], ['nonsense']));
  expect(code).toBe('finding-unknown');
  expect(message).toContain(WORKFLOW);
});
