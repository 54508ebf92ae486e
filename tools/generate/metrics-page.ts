import { type MetricRow, metrics } from '../../worker/metrics-table';
import { code, generatedNotice, markdownTable } from './markdown';

/** docs/metrics.md, from the table of metrics. */
export function metricsPage(): string {
  return [
    generatedNotice,
    '# Metrics',
    '',
    "`GET /metrics` in Prometheus' text format, at `metrics_listen` and at `health_listen` ([configuration.md](configuration.md)). Besides these there are the usual ones of a Node process (`process_…`, `nodejs_…`) and, with `temporal_metrics_listen`, those of Temporal's SDK (`temporal_…`). Labels have few values: ids of VMs, volumes and runs are in the log. [alerts.yml](../examples/prometheus/alerts.yml) has alerts to begin with.",
    '',
    'Counters and histograms are per process: sum them over all workers. Those from the database say the same on every worker: take the maximum.',
    '',
    ...Object.entries<MetricRow>(metrics).flatMap(([name, { type, help, labels, buckets, fromWorkflows }]) => [
      `## ${code(name)}`,
      '',
      `A ${type}. ${help}${fromWorkflows === true ? ' Recorded inside workflows: only there with `temporal_metrics_listen`.' : ''}`,
      '',
      ...(buckets === undefined ? [] : [`Buckets, in seconds: ${buckets.map(String).join(', ')}.`, '']),
      markdownTable(
        ['label', 'values'],
        Object.entries(labels).map(([label, values]) => [code(label), values]),
      ),
      '',
    ]),
  ].join('\n');
}
