import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Dispatcher } from './dispatch';
import { htmlPage } from './answers/spoiled';
import type { WireAnswer } from './answers/envelope';
import { Listener, readBody } from './http';
import type { Modes } from './modes';
import { parseForm } from './parameters';

const PATH = '/client/api';
/** Jetty's `requestHeaderSize`: request line and headers together. */
const MAX_HEADER_BYTES = 8 * 1024;
/** `request.max.form.keys` */
const MAX_FORM_KEYS = 5_000;
/** Jetty's words for a form that is too large or has too many fields. */
const UNREADABLE_FORM = 'Unable to parse form content';

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
    private readonly modes: () => Modes,
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
    const body = await readBody(request).catch((error: unknown) => {
      if (error instanceof RangeError) return undefined;
      throw error;
    });
    const page = this.pageInstead(request, body);
    if (page !== undefined || body === undefined) {
      this.send(response, page ?? htmlPage(400, UNREADABLE_FORM));
      return;
    }
    const parameters = new Map<string, string>();
    parseForm(queryOf(request), parameters);
    if (request.method === 'POST') parseForm(body, parameters);
    const outcome = await this.dispatcher.handle(request.method ?? 'GET', parameters);
    if (outcome.kind === 'cut') {
      request.socket.destroy();
      return;
    }
    this.beforeAnswer();
    this.send(response, outcome.answer);
  }

  /** What Jetty answers by itself, without asking CloudStack. */
  private pageInstead(request: IncomingMessage, body: string | undefined): WireAnswer | undefined {
    const url = request.url ?? '';
    if (Buffer.byteLength(url) > MAX_HEADER_BYTES) return htmlPage(414, 'URI Too Long');
    if (headerBytes(request) > MAX_HEADER_BYTES) return htmlPage(431, 'Request Header Fields Too Large');
    if (Date.now() < this.unavailableUntil) return htmlPage(503, 'Service Unavailable');
    if (url.split('?', 1)[0] !== PATH) return htmlPage(404, 'Not Found');
    if (request.method !== 'GET' && request.method !== 'POST') return htmlPage(405, 'Method Not Allowed');
    const tooMany = body !== undefined && request.method === 'POST' && body.split('&').length > MAX_FORM_KEYS;
    return body === undefined || tooMany ? htmlPage(400, UNREADABLE_FORM) : undefined;
  }

  private send(response: ServerResponse, answer: WireAnswer): void {
    const { sendDate, clockOffsetMs } = this.modes();
    response.sendDate = false;
    const body = Buffer.from(answer.body);
    response.writeHead(answer.status, {
      'content-type': answer.contentType,
      'content-length': body.length,
      'x-content-type-options': 'nosniff',
      'x-xss-protection': '1;mode=block',
      ...(answer.description !== undefined && { 'x-description': headerText(answer.description) }),
      ...(answer.location !== undefined && { location: answer.location }),
      ...(sendDate && { date: new Date(Date.now() + clockOffsetMs).toUTCString() }),
    });
    if (answer.resetInBody !== true) {
      response.end(body);
      return;
    }
    response.write(body.subarray(0, Math.ceil(body.length / 2)), () => {
      response.socket?.resetAndDestroy();
    });
  }
}

function queryOf(request: IncomingMessage): string {
  const url = request.url ?? '';
  const mark = url.indexOf('?');
  return mark < 0 ? '' : url.slice(mark + 1);
}

function headerBytes({ method = '', url = '', rawHeaders }: IncomingMessage): number {
  // Request line and each header end with two bytes and have spaces, colons and the protocol's name between.
  return rawHeaders.reduce((sum, text) => sum + text.length + 2, method.length + Buffer.byteLength(url) + 12);
}

/** Headers hold Latin-1 without line ends. */
function headerText(text: string): string {
  return text.replace(/[^\u0020-\u007e\u00a0-\u00ff]/g, '?');
}
