import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Dispatcher } from './dispatch';
import { Listener, readBody } from './http';
import { parseForm } from './parameters';

const PATH = '/client/api';

/** The API endpoint: HTTP in, HTTP out, and the times at which nobody answers. */
export class ApiServer {
  private readonly listener: Listener;
  private unavailableUntil = 0;
  private refusing: NodeJS.Timeout | undefined;

  constructor(
    private readonly dispatcher: Dispatcher,
    address: { readonly host: string; readonly port: number },
    /** makes lasting what an answer tells of */
    private readonly beforeAnswer: () => void,
  ) {
    this.listener = new Listener((request, response) => {
      this.handle(request, response).catch(() => response.destroy());
    }, address);
  }

  async open(): Promise<void> {
    await this.listener.open();
  }

  get endpoint(): string {
    return `${this.listener.url}${PATH}`;
  }

  /** For a time every request gets Jetty's own 503 page. */
  answer503For(ms: number): void {
    this.unavailableUntil = Date.now() + ms;
  }

  /** For a time nothing listens on the port; connections that are open are cut. */
  async refuseFor(ms: number): Promise<void> {
    await this.listener.close();
    clearTimeout(this.refusing);
    this.refusing = setTimeout(() => {
      void this.recover();
    }, ms);
  }

  /** Ends the time at which nobody answers. */
  async recover(): Promise<void> {
    this.unavailableUntil = 0;
    if (this.refusing === undefined) return;
    clearTimeout(this.refusing);
    this.refusing = undefined;
    await this.listener.open();
  }

  async close(): Promise<void> {
    clearTimeout(this.refusing);
    this.refusing = undefined;
    await this.listener.close();
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path, query] = (request.url ?? '').split('?', 2);
    const body = await readBody(request);
    if (Date.now() < this.unavailableUntil) {
      response.writeHead(503, { 'content-type': 'text/html;charset=iso-8859-1' });
      response.end(
        '<html><head><title>Error 503 Service Unavailable</title></head><body>HTTP ERROR 503</body></html>\n',
      );
      return;
    }
    if (path !== PATH || (request.method !== 'GET' && request.method !== 'POST')) {
      response.writeHead(404, { 'content-type': 'text/html;charset=iso-8859-1' });
      response.end('<html><body>HTTP ERROR 404 Not Found</body></html>\n');
      return;
    }
    const parameters = new Map<string, string>();
    parseForm(query ?? '', parameters);
    if (request.method === 'POST') parseForm(body, parameters);
    const outcome = await this.dispatcher.handle(request.method, parameters);
    if (outcome.kind === 'cut') {
      request.socket.destroy();
      return;
    }
    this.beforeAnswer();
    const { answer } = outcome;
    response.writeHead(answer.status, {
      'content-type': answer.contentType,
      'x-content-type-options': 'nosniff',
      'x-xss-protection': '1;mode=block',
      ...(answer.description !== undefined && { 'x-description': headerText(answer.description) }),
    });
    response.end(answer.body);
  }
}

/** Headers hold Latin-1 without line ends. */
function headerText(text: string): string {
  return text.replace(/[^\u0020-\u007e\u00a0-\u00ff]/g, '?');
}
