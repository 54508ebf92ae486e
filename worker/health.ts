import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';

/** How a worker process is: changed by whoever starts it, read by the health endpoint. */
export interface WorkerHealth {
  ready: boolean;
  /** why it is not ready, for people */
  reason?: string;
}

export interface HealthEndpoint {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves `GET /health` (200 while the process lives) and `GET /ready` (200 once every task queue is polled, else 503 with the
 * reason). Loopback only: the configuration admits no other address.
 */
export async function serveHealth(
  listen: { readonly host: string; readonly port: number },
  health: Readonly<WorkerHealth>,
): Promise<HealthEndpoint> {
  const server = createServer((request, response) => {
    if (request.url === '/health') answer(response, 200, { alive: true });
    else if (request.url === '/ready') answer(response, health.ready ? 200 : 503, health);
    else answer(response, 404, { problem: 'there are /health and /ready' });
  });
  server.listen(listen.port, listen.host);
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : listen.port,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}
