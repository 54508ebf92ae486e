import type { Finding } from '../domain/findings';
import type { Metrics } from './metrics';

interface Counted {
  readonly labels: { readonly site: string; readonly severity: string; readonly kind: string };
  value: number;
}

/** Shows how much doctor found when this worker last had it look, by site, severity and kind, and when that was. */
export function countFindings(metrics: Metrics | undefined): (site: string, findings: readonly Finding[]) => void {
  const bySite = new Map<string, readonly Counted[]>();
  return (site, findings) => {
    const kinds = new Map<string, Counted>();
    for (const { kind, severity } of findings) {
      const counted = kinds.get(kind) ?? { labels: { site, severity, kind }, value: 0 };
      counted.value += 1;
      kinds.set(kind, counted);
    }
    bySite.set(site, [...kinds.values()]);
    metrics?.set('diskferry_doctor_findings', [...bySite.values()].flat());
    metrics?.setOne('diskferry_last_doctor_timestamp_seconds', { site }, Math.round(Date.now() / 1000));
  };
}
