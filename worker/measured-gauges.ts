import type { RunFigures } from '../database/run-figures';
import { checkKinds } from './check';
import type { ReadinessMeter } from './health';
import type { Metrics } from './metrics';

/** Gauges of what is measured when the metrics are read; where the database does not answer, its gauges are left out. */
export function measureGauges(
  metrics: Metrics,
  meter: Pick<ReadinessMeter, 'measure'>,
  figures: () => Promise<RunFigures>,
): void {
  metrics.measure(async () => {
    const { checks } = await meter.measure();
    metrics.set(
      'diskferry_check_ok',
      checkKinds.flatMap((kind) => {
        const ofKind = checks.filter((check) => check.kind === kind);
        if (ofKind.length === 0) return [];
        return [{ labels: { check: kind }, value: ofKind.every(({ ok }) => ok) ? 1 : 0 }];
      }),
    );
  });
  metrics.measure(async () => {
    const { phases, leftovers } = await figures().catch((): RunFigures => ({ phases: [], leftovers: [] }));
    const labelsOf = ({ site, kind, phase }: RunFigures['phases'][number]) => ({ site, kind, phase });
    metrics.set(
      'diskferry_runs',
      phases.map((row) => ({ labels: labelsOf(row), value: row.runs })),
    );
    metrics.set(
      'diskferry_oldest_phase_seconds',
      phases.map((row) => ({ labels: labelsOf(row), value: row.oldestSeconds })),
    );
    metrics.set(
      'diskferry_leftovers',
      leftovers.map(({ site, kind, count }) => ({ labels: { site, kind }, value: count })),
    );
  });
}
