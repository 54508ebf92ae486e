import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { type LabelsOf, type MetricName, metrics as table, type MetricRow, type OwnMetric } from './metrics-table';

/** The metrics of one worker process, by the names of the one table. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #counters = new Map<string, Counter>();
  readonly #gauges = new Map<string, Gauge>();
  readonly #histograms = new Map<string, Histogram>();
  readonly #measured: (() => Promise<void>)[] = [];

  constructor(version: string) {
    collectDefaultMetrics({ register: this.#registry });
    for (const [name, row] of Object.entries<MetricRow>(table)) if (row.fromWorkflows !== true) this.#add(name, row);
    this.set('diskferry_build_info', [{ labels: { version }, value: 1 }]);
  }

  readonly contentType = this.#registry.contentType;

  count<Name extends OwnMetric<'counter'>>(name: Name, labels: LabelsOf<Name>, by = 1): void {
    this.#counters.get(name)?.inc(labels, by);
  }

  observe<Name extends OwnMetric<'histogram'>>(name: Name, labels: LabelsOf<Name>, value: number): void {
    this.#histograms.get(name)?.observe(labels, value);
  }

  /** Replaces all values of a gauge: labels that are not given any more are gone. */
  set<Name extends OwnMetric<'gauge'>>(
    name: Name,
    values: readonly { readonly labels: LabelsOf<Name>; readonly value: number }[],
  ): void {
    const gauge = this.#gauges.get(name);
    gauge?.reset();
    for (const { labels, value } of values) gauge?.set(labels, value);
  }

  /** Sets one value of a gauge. */
  setOne<Name extends OwnMetric<'gauge'>>(name: Name, labels: LabelsOf<Name>, value: number): void {
    this.#gauges.get(name)?.set(labels, value);
  }

  /** Has something measured each time the metrics are read. It must not throw. */
  measure(work: () => Promise<void>): void {
    this.#measured.push(work);
  }

  /** Everything, in Prometheus' text format. */
  async text(): Promise<string> {
    await Promise.all(this.#measured.map((work) => work()));
    return await this.#registry.metrics();
  }

  #add(name: string, { type, help, labels, buckets }: MetricRow): void {
    const common = { name, help, labelNames: Object.keys(labels), registers: [this.#registry] };
    if (type === 'counter') this.#counters.set(name, new Counter(common));
    else if (type === 'gauge') this.#gauges.set(name, new Gauge(common));
    else
      this.#histograms.set(name, new Histogram({ ...common, ...(buckets !== undefined && { buckets: [...buckets] }) }));
  }
}

/** Upper bounds of the histograms that are recorded inside workflows, as Temporal's exporter takes them. */
export function workflowHistogramBuckets(): Record<string, number[]> {
  const rows = Object.entries<MetricRow>(table) as [MetricName, MetricRow][];
  return Object.fromEntries(
    rows.flatMap(([name, { fromWorkflows, buckets }]) =>
      fromWorkflows === true && buckets !== undefined ? [[name, [...buckets]]] : [],
    ),
  );
}
