import { createHmac } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as the server decoded it. */
export interface ReceivedRequest {
  readonly method: string;
  readonly command: string;
  /** without key, signature, expiry and the like */
  readonly parameters: Readonly<Record<string, string>>;
  /** all of them */
  readonly raw: Readonly<Record<string, string>>;
  readonly authentic: boolean;
}

/** What the server does with one request. */
export type Play = (request: ReceivedRequest, response: http.ServerResponse) => void | Promise<void>;

export interface ScriptedServer {
  readonly endpoint: string;
  readonly requests: readonly ReceivedRequest[];
  /** how many connections were opened so far */
  connections(): number;
  /** Plays for the next requests, in order; the last one is played for all that follow. */
  play(...plays: Play[]): void;
  close(): Promise<void>;
}

export const keys = { apiKey: 'api-key_1', secretKey: 'secret-key_that-must-stay-secret' } as const;

/**
 * A server on a free loopback port that checks every signature and expiry by its own means, refuses what is wrong like
 * CloudStack, and otherwise does what it is told.
 */
export async function startScriptedServer(
  options: { readonly aheadMs?: number; readonly sendsDate?: boolean } = {},
): Promise<ScriptedServer> {
  const requests: ReceivedRequest[] = [];
  let plays: Play[] = [content({})];
  const now = () => Date.now() + (options.aheadMs ?? 0);

  const server = http.createServer((incoming, response) => {
    void (async () => {
      response.sendDate = false;
      if (options.sendsDate === true) response.setHeader('date', new Date(now()).toUTCString());
      const request = await receive(incoming, now());
      requests.push(request);
      if (!request.authentic) {
        refuse(401, { errortext: 'unable to verify user credentials and/or request signature' })(request, response);
        return;
      }
      const play = plays.length > 1 ? plays.shift() : plays[0];
      await play?.(request, response);
    })();
  });
  let connections = 0;
  server.on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  return {
    endpoint: `http://127.0.0.1:${String(port)}/client/api`,
    requests,
    connections: () => connections,
    play: (...next) => {
      plays = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function receive(incoming: http.IncomingMessage, now: number): Promise<ReceivedRequest> {
  let body = '';
  for await (const chunk of incoming.setEncoding('utf8')) body += String(chunk);
  const query = new URL(incoming.url ?? '', 'http://server').search;
  const raw = Object.fromEntries([...new URLSearchParams(query), ...new URLSearchParams(body)]);
  const { apikey, command, response, signatureversion, expires, signature, ...parameters } = raw;
  const authentic =
    apikey === keys.apiKey &&
    response === 'json' &&
    signatureversion === '3' &&
    signature === signatureByDefinition(raw) &&
    Date.parse(expires ?? '') > now &&
    // enforce.post.requests.and.timestamps
    Date.parse(expires ?? '') <= now + 15 * 60_000 &&
    (incoming.method === 'POST' || /^(get|list|query|find)\w+$/.test(command ?? ''));
  return { method: incoming.method ?? '', command: command ?? '', parameters, raw, authentic };
}

/** ApiServer.verifyRequest once more, in other words than cloudstack/sign.ts. */
function signatureByDefinition(raw: Readonly<Record<string, string>>): string {
  const names = Object.keys(raw).filter((name) => name !== 'signature');
  const parts = names.sort().map((name) => {
    const bytes = [...Buffer.from(raw[name] ?? '', 'utf8')];
    const encoded = bytes.map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9.*_-]/.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`;
    });
    return `${name}=${encoded.join('')}`;
  });
  return createHmac('sha1', keys.secretKey).update(parts.join('&').toLowerCase()).digest('base64');
}

/** CloudStack's JSON with this content, in the envelope of the command. */
export function content(value: object, status = 200): Play {
  return ({ command }, response) => {
    response.writeHead(status, { 'content-type': 'application/json;charset=utf-8' });
    response.end(JSON.stringify({ [`${command.toLowerCase()}response`]: value }));
  };
}

/** CloudStack's refusal. */
export function refuse(
  status: number,
  { errortext, cserrorcode }: { errortext: string; cserrorcode?: number },
): (request: ReceivedRequest, response: http.ServerResponse) => void {
  const failure = { uuidList: [], errorcode: status, ...(cserrorcode !== undefined && { cserrorcode }), errortext };
  return (request, response) => void content(failure, status)(request, response);
}

/** Any other answer. */
export function page(
  status: number,
  contentType: string,
  text: string | Uint8Array,
  headers: Record<string, string> = {},
): Play {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': contentType, ...headers });
    response.end(text);
  };
}

/** The connection is lost before the answer; whether the server acted is its own affair. */
export const reset: Play = (_request, response) => {
  response.socket?.resetAndDestroy();
};

/** The connection is lost in the middle of the answer. */
export const cutAnswer: Play = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
  response.write('{"listvolumesresponse":', () => response.socket?.destroy());
};

/** No answer comes, ever. */
export const hang: Play = () => undefined;

/** An answer that goes on and on, as fast as it is taken, until the other side hangs up. */
export const endless: Play = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  const chunk = Buffer.alloc(1024 * 1024, ' ');
  const more = () => {
    while (!response.destroyed && response.write(chunk)) continue;
  };
  response.on('drain', more);
  more();
};

/** An answer that comes a byte at a time and never ends. */
export const trickle: Play = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => response.write(' '), 10);
  response.on('close', () => {
    clearInterval(timer);
  });
};

/** Something that is not HTTP. */
export function notHttp(text: string): Play {
  return (_request, response) => {
    response.socket?.end(text);
  };
}
