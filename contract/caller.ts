import { createHmac } from 'node:crypto';
import { parseXml } from './xml';

export interface KeyPair {
  readonly apiKey: string;
  readonly secretKey: string;
}

/** What a server answered, as it came. */
export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly xDescription: string | undefined;
  readonly text: string;
  /** the answer as a tree; XML as well; left out when it is neither */
  readonly body: unknown;
}

/**
 * Signs as the server checks it (reference §1.2): names sorted as sent and not encoded, values as Java's URLEncoder writes them
 * with `%20` for a space, all of it lower-cased, HMAC-SHA1, Base64. Written apart from Diskferry's client and its simulator, so
 * that no mistake can be on both sides.
 */
export function sign(parameters: Readonly<Record<string, string>>, secretKey: string): string {
  const text = Object.keys(parameters)
    .sort()
    .map((name) => `${name}=${encode(parameters[name] ?? '')}`)
    .join('&')
    .toLowerCase();
  return createHmac('sha1', secretKey).update(text).digest('base64');
}

function encode(value: string): string {
  return encodeURIComponent(value).replace(
    /[!'()~]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** One caller of an endpoint. */
export class Caller {
  constructor(
    readonly endpoint: string,
    readonly keys: KeyPair,
  ) {}

  /**
   * Sends one request, signed with this caller's keys, or as `signed` says with a secret that is not theirs or without a key.
   *
   * @throws TypeError when nobody answers within `deadlineMs`
   */
  async send(
    parameters: Readonly<Record<string, string>>,
    method: 'GET' | 'POST',
    signed?: 'badsecret' | 'nokey',
    deadlineMs = 120_000,
  ): Promise<Reply> {
    const all = signed === 'nokey' ? { ...parameters } : { apikey: this.keys.apiKey, ...parameters };
    const signature = sign(all, signed === 'badsecret' ? 'not the secret' : this.keys.secretKey);
    const form = new URLSearchParams({ ...all, signature }).toString();
    const signal = AbortSignal.timeout(deadlineMs);
    const response = await (method === 'GET'
      ? fetch(`${this.endpoint}?${form}`, { signal, redirect: 'manual' })
      : fetch(this.endpoint, {
          ...{ method, body: form, signal, redirect: 'manual' },
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        }));
    const text = await response.text();
    return {
      status: response.status,
      contentType: response.headers.get('content-type') ?? '',
      xDescription: response.headers.get('x-description') ?? undefined,
      text,
      body: parseBody(text),
    };
  }

  /** Reads with a timestamp, which every server takes whether it enforces them or not. @throws Error for a refusal */
  async read(
    command: string,
    parameters: Readonly<Record<string, string>> = {},
  ): Promise<Readonly<Record<string, unknown>>> {
    const reply = await this.send({ ...timestamped(), command, response: 'json', ...parameters }, 'GET');
    return contentOrThrow(command, reply);
  }

  /** Changes with POST and a timestamp. @throws Error for a refusal */
  async change(
    command: string,
    parameters: Readonly<Record<string, string>>,
  ): Promise<Readonly<Record<string, unknown>>> {
    const reply = await this.send({ ...timestamped(), command, response: 'json', ...parameters }, 'POST');
    return contentOrThrow(command, reply);
  }
}

function timestamped(): Record<string, string> {
  return { signatureversion: '3', expires: new Date(Date.now() + 10 * 60_000).toISOString() };
}

function contentOrThrow(command: string, reply: Reply): Readonly<Record<string, unknown>> {
  const content = Object.values((reply.body ?? {}) as Record<string, unknown>)[0];
  if (reply.status !== 200) throw new Error(`${command}: ${String(reply.status)} ${reply.text.slice(0, 300)}`);
  return (content ?? {}) as Record<string, unknown>;
}

/** The tree of an answer in JSON or XML; undefined for any other text. */
export function parseBody(text: string): unknown {
  if (text.trimStart().startsWith('<?xml')) return parseXml(text);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
