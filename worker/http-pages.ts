import { once } from 'node:events';
import { createServer } from 'node:http';

export interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export interface HttpPages {
  readonly port: number;
  close(): Promise<void>;
}

/** A page that is one JSON object in one line. */
export function jsonPage(status: number, body: object): Page {
  return { status, contentType: 'application/json', body: `${JSON.stringify(body)}\n` };
}

/** Serves a few pages by their path, to be read only. Throws where the address cannot be listened on. */
export async function servePages(
  listen: { readonly host: string; readonly port: number },
  pages: Readonly<Record<string, () => Promise<Page>>>,
): Promise<HttpPages> {
  const there = `there are ${Object.keys(pages).join(', ')}`;
  const server = createServer((request, response) => {
    const page = pages[(request.url ?? '').split('?')[0] ?? ''];
    const made = page?.() ?? Promise.resolve(jsonPage(404, { problem: there }));
    void made
      .catch((error: unknown) => jsonPage(500, { problem: String(error) }))
      .then(({ status, contentType, body }) => response.writeHead(status, { 'content-type': contentType }).end(body));
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
