import type { ListenAddress } from './config';
import type { Page } from './http-pages';
import type { Metrics } from './metrics';

const TEMPORAL_PATIENCE_MS = 3_000;

/** The page `/metrics`: our own, and behind them what Temporal's SDK shows at its address, if it has one. */
export function metricsPage(metrics: Metrics, temporalListen: ListenAddress | undefined): () => Promise<Page> {
  return async () => {
    const [own, temporal] = await Promise.all([metrics.text(), temporalMetrics(temporalListen)]);
    return { status: 200, contentType: metrics.contentType, body: `${own}${temporal}` };
  };
}

async function temporalMetrics(listen: ListenAddress | undefined): Promise<string> {
  if (listen === undefined) return '';
  const url = `http://${addressText(listen)}/metrics`;
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(TEMPORAL_PATIENCE_MS) });
    return answer.ok ? await answer.text() : '';
  } catch {
    // Own metrics without Temporal's are better than none; `up` of its own address says that it is away.
    return '';
  }
}

/** HOST:PORT, as it stands in a URL. */
export function addressText({ host, port }: ListenAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
}
