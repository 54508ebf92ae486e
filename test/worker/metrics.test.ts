import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { countActivities } from '../../worker/count-activities';
import { countedCopying } from '../../worker/counted-copying';
import { measureGauges } from '../../worker/measured-gauges';
import { Metrics } from '../../worker/metrics';
import { metricsPage } from '../../worker/metrics-page';
import { type MetricRow, metrics as table } from '../../worker/metrics-table';

const lineOf = async (metrics: Metrics, beginning: string): Promise<string | undefined> =>
  (await metrics.text()).split('\n').find((line) => line.startsWith(beginning));

describe('the metrics of a worker', () => {
  test('have the names, types and labels of the one table', async () => {
    const text = await new Metrics('1.2.3').text();
    for (const [name, row] of Object.entries<MetricRow>(table)) {
      if (row.fromWorkflows === true) continue;
      expect(text).toContain(`# TYPE ${name} ${row.type}\n`);
    }
    expect(text).toContain('diskferry_build_info{version="1.2.3"} 1');
    expect(text).toContain('process_resident_memory_bytes');
  });

  test('no label could hold an id: each has a documented set of values', () => {
    for (const { labels } of Object.values<MetricRow>(table)) {
      for (const label of Object.keys(labels)) expect(label).not.toMatch(/volume|vm|run|id|disk/i);
    }
  });

  test('count activities by outcome, their retries and their waits', async () => {
    const metrics = new Metrics('x');
    const watcher = countActivities(metrics, 'appliance-copy');
    watcher.began('copyDisk', 1, 40);
    watcher.ended('copyDisk', 'unavailable', 3);
    watcher.began('copyDisk', 2, 0);
    watcher.ended('copyDisk', 'done', 700);
    expect(await lineOf(metrics, 'diskferry_activities_total{activity="copyDisk",outcome="done"}')).toMatch(/ 1$/);
    expect(await lineOf(metrics, 'diskferry_activities_total{activity="copyDisk",outcome="unavailable"}')).toMatch(
      / 1$/,
    );
    expect(await lineOf(metrics, 'diskferry_activity_retries_total{activity="copyDisk"}')).toMatch(/ 1$/);
    expect(await lineOf(metrics, 'diskferry_activity_seconds_sum{activity="copyDisk"}')).toMatch(/ 703$/);
    expect(await lineOf(metrics, 'diskferry_slot_wait_seconds_sum{queue="appliance-copy"}')).toMatch(/ 40$/);
  });

  test('count bytes once they are recorded, and those that are read back once', async () => {
    const told: [string, number][] = [];
    const recorded: number[] = [];
    const window = { index: 0, offset: 0, dataBytes: 0, sourceSha256: '' };
    const { copier, verifier } = countedCopying(
      {
        copier: {
          inspect: () => Promise.resolve({ sizeBytes: 0 }),
          copy: async ({ onWindow }) => {
            await onWindow([
              { ...window, bytes: 10 },
              { ...window, bytes: 5 },
            ]);
            return { sourceBytes: 15 };
          },
        },
        verifier: {
          verify: async ({ onProgress }) => {
            for (const bytes of [8, 8, 15]) await onProgress(bytes);
            return { windows: [], tailIsZero: true };
          },
        },
      },
      (work, bytes) => told.push([work, bytes]),
    );
    const onWindow = (windows: readonly { bytes: number }[]) => Promise.resolve(void recorded.push(windows.length));
    await copier.copy({ onWindow } as unknown as Parameters<typeof copier.copy>[0]);
    await verifier.verify({ onProgress: () => Promise.resolve() } as unknown as Parameters<typeof verifier.verify>[0]);
    expect(recorded).toEqual([2]);
    expect(told).toEqual([
      ['copied', 15],
      ['verified', 8],
      ['verified', 0],
      ['verified', 7],
    ]);
  });

  test('show what is measured when they are read, and nothing old when the database is away', async () => {
    const metrics = new Metrics('x');
    let away = false;
    const check = { name: '', evidence: '', milliseconds: 0 };
    measureGauges(
      metrics,
      {
        measure: () =>
          Promise.resolve({
            ready: true,
            checks: [
              { ...check, kind: 'database', ok: !away },
              { ...check, kind: 'exports', ok: true },
              { ...check, kind: 'exports', ok: false },
            ],
          }),
      },
      () =>
        away
          ? Promise.reject(new Error('away'))
          : Promise.resolve({
              phases: [{ site: 'qc', kind: 'replication', phase: 'held', runs: 2, oldestSeconds: 90 }],
              leftovers: [{ site: 'qc', kind: 'undo', count: 1 }],
            }),
    );
    expect(await lineOf(metrics, 'diskferry_runs{site="qc",kind="replication",phase="held"}')).toMatch(/ 2$/);
    expect(await lineOf(metrics, 'diskferry_leftovers{site="qc",kind="undo"}')).toMatch(/ 1$/);
    expect(await lineOf(metrics, 'diskferry_check_ok{check="database"}')).toMatch(/ 1$/);
    expect(await lineOf(metrics, 'diskferry_check_ok{check="exports"}')).toMatch(/ 0$/);
    away = true;
    expect(await lineOf(metrics, 'diskferry_check_ok{check="database"}')).toMatch(/ 0$/);
    expect(await lineOf(metrics, 'diskferry_runs{')).toBeUndefined();
  });
});

describe('the page', () => {
  const temporal = createServer((_, response) => response.end('temporal_request{x="1"} 5\n'));
  beforeAll(async () => {
    temporal.listen(0, '127.0.0.1');
    await once(temporal, 'listening');
  });
  afterAll(() => void temporal.close());

  test("has Temporal's own metrics behind ours, and does without them", async () => {
    const { port } = temporal.address() as AddressInfo;
    const both = await metricsPage(new Metrics('x'), { host: '127.0.0.1', port })();
    expect(both.contentType).toContain('text/plain');
    expect(both.body).toMatch(/diskferry_build_info[^]*temporal_request\{x="1"\} 5\n$/);
    temporal.close();
    temporal.closeAllConnections();
    const ours = await metricsPage(new Metrics('x'), { host: '127.0.0.1', port })();
    expect(ours.body).toContain('diskferry_build_info');
    expect(ours.body).not.toContain('temporal_request');
  });
});
