import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An answer on its way. */
export interface Answer {
  status: number;
  readonly headers: Map<string, string>;
  /** the tree of a JSON answer; what is written into it is what the client gets */
  body: Record<string, Record<string, unknown>>;
}

/** Changes an answer, or leaves it as it is. */
export type Falsify = (answer: Answer, command: string) => void;

export interface FalsifyingProxy {
  readonly url: string;
  close(): Promise<void>;
}

/** Stands between a client and a server and tells one lie. Signatures stay good: they do not cover the host. */
export async function falsifyingProxy(endpoint: string, falsify: Falsify): Promise<FalsifyingProxy> {
  const server = createServer((request, response) => {
    void (async () => {
      const body = await textOf(request);
      const query = new URL(request.url ?? '/', endpoint).search;
      const real = await fetch(`${endpoint}${query}`, {
        method: request.method ?? 'GET',
        ...(request.method === 'POST' && { body, headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
      });
      const text = await real.text();
      const headers = new Map<string, string>();
      for (const name of ['content-type', 'x-description']) {
        const value = real.headers.get(name);
        if (value !== null) headers.set(name, value);
      }
      const command = new URLSearchParams(request.method === 'POST' ? body : query).get('command') ?? '';
      if (!text.startsWith('{')) {
        response.writeHead(real.status, [...headers].flat()).end(text);
        return;
      }
      const answer: Answer = { status: real.status, headers, body: JSON.parse(text) as Answer['body'] };
      falsify(answer, command);
      response.writeHead(answer.status, [...answer.headers].flat()).end(JSON.stringify(answer.body));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}/client/api`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}
