import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';

/** `request.content.size` of the real server, bytes. */
const MAX_BODY_BYTES = 1_048_576;

/** Node's own limit, wide of the real server's: the refusal is ours to write. */
const MAX_READ_HEADER_BYTES = 256 * 1024;

/** Reads a request's body whole. @throws RangeError when it is over 1 MiB */
export async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  // Read to its end even when it is too large: a caller that is still sending would not see the answer.
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length <= MAX_BODY_BYTES) parts.push(part);
  }
  if (length > MAX_BODY_BYTES) throw new RangeError('the body is larger than 1 MiB');
  return Buffer.concat(parts).toString('utf8');
}

/** An HTTP server that can stop listening for a time and come back on the same port. */
export class Listener {
  private readonly server: Server;
  private address: { host: string; port: number };

  constructor(handler: RequestListener, address: { readonly host: string; readonly port: number }) {
    this.server = createServer({ keepAliveTimeout: 60_000, maxHeaderSize: MAX_READ_HEADER_BYTES }, handler);
    this.address = { ...address };
  }

  /** @throws Error EADDRINUSE when the port is taken */
  async open(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(this.address.port, this.address.host, () => {
        this.server.off('error', reject);
        resolve();
      });
    });
    const bound = this.server.address();
    if (bound !== null && typeof bound === 'object') this.address = { host: bound.address, port: bound.port };
  }

  get url(): string {
    const { host, port } = this.address;
    return `http://${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
  }

  /** Closes the port and cuts every connection. */
  async close(): Promise<void> {
    if (!this.server.listening) return;
    await new Promise<void>((resolve) => {
      this.server.close(() => {
        resolve();
      });
      this.server.closeAllConnections();
    });
  }
}
