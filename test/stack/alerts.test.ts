import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../stack/package-root';
import { type MetricRow, metrics } from '../../worker/metrics-table';
import { describeChecked } from '../support/checked-by';

const folder = join(packageRoot(), 'examples/prometheus');
const rules = readFileSync(join(folder, 'alerts.yml'), 'utf8');

test('the alerts use metrics and labels of the one table only', () => {
  const used = [...rules.matchAll(/\b(diskferry_\w+)(?:\{([^}]*)\})?/g)];
  expect(used.length).toBeGreaterThan(10);
  for (const [, name = '', selector = ''] of used) {
    const plain = name.replace(/_(bucket|sum|count)$/, '');
    const row = Object.entries<MetricRow>(metrics).find(([each]) => each === name || each === plain)?.[1];
    expect([name, row?.type]).toEqual([name, expect.any(String)]);
    if (plain !== name && row?.type !== 'histogram') expect(name in metrics).toBe(true);
    for (const [, label = ''] of selector.matchAll(/(\w+)\s*[=!]/g)) {
      expect([name, Object.keys(row?.labels ?? {})]).toEqual([name, expect.arrayContaining([label])]);
    }
  }
});

test('each alert says what it is, how bad, and what to do', () => {
  const alerts = rules.split('- alert: ').slice(1);
  expect(alerts.length).toBeGreaterThan(5);
  for (const alert of alerts)
    expect(alert).toMatch(/severity: (critical|warning|info)[^]*summary: .*[^]*description: /);
});

describeChecked('promtool', "Prometheus' own checker", (promtool) => {
  const run = (...args: string[]) => spawnSync(promtool, args, { cwd: folder, encoding: 'utf8' });

  test('accepts the rules', () => {
    const { stdout, stderr, status } = run('check', 'rules', 'alerts.yml');
    expect(`${stdout}${stderr}`).toContain('SUCCESS');
    expect(status).toBe(0);
  });

  test('finds that they fire when they should, and not before', () => {
    const { stdout, stderr, status } = run('test', 'rules', 'alerts.test.yml');
    expect(`${stdout}${stderr}`).toContain('SUCCESS');
    expect(status).toBe(0);
  });
});
