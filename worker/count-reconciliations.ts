import type { Metrics } from './metrics';

/** Counts what reconciliations corrected, and when this worker last made one. */
export function countReconciliations(metrics: Metrics | undefined): (site: string, corrected: number) => void {
  return (site, corrected) => {
    metrics?.count('diskferry_reconciliations_total', { site }, corrected);
    metrics?.setOne('diskferry_last_reconciliation_timestamp_seconds', { site }, Math.round(Date.now() / 1000));
  };
}
