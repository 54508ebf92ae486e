import { z } from 'zod';
import { number } from './answer-fields';
import { CloudStackError, type CloudStackErrorFields, type CloudStackErrorKind } from './errors';
import { holderIn, kindOfFailure } from './kind-of-failure';
import type { HttpAnswer } from './transport';

/** A read may be repeated and has no outcome to lose; a change is sent once. */
export type Effect = 'read' | 'change';

/** Which exchange an answer belongs to. */
export interface Exchange {
  readonly command: string;
  readonly effect: Effect;
  readonly endpoint: string;
}

const failureSchema = z.object({
  // an HTTP status (ApiErrorCode): what has another number in it is not CloudStack's refusal
  errorcode: number.pipe(z.int().min(400).max(599)),
  cserrorcode: number.optional().catch(undefined),
  errortext: z.string().catch(''),
});

/** Makes an error's text of CloudStack's own words and code. */
export type Phrase = (words: string, errorCode: number) => string;

/** What stands in the envelope of an answer. */
export type Content = Readonly<Record<string, unknown>>;

/**
 * The content of an answer (`{"listzonesresponse": {…}}` without its envelope), or the error that it is.
 *
 * @param phrase makes the error's text of CloudStack's words
 * @throws CloudStackError of every kind
 */
export function judgeAnswer(exchange: Exchange, answer: HttpAnswer, phrase: Phrase): Content {
  const envelope = parseObject(answer.text);
  const own = envelope?.[`${exchange.command.toLowerCase()}response`];
  // errors come under the command's key, `errorresponse` or, without a command, `null` (fixture authentication)
  const content = isObject(own) ? own : Object.values(envelope ?? {}).find(isObject);
  const failed = failureSchema.safeParse(content);
  if (failed.success) throw failureOf(exchange, answer, failed.data, phrase);
  if (answer.status === 200 && isObject(own)) return own;
  throw unusable(exchange, answer);
}

/** The error of an answer with CloudStack's own failure in it. */
function failureOf(
  exchange: Exchange,
  answer: HttpAnswer,
  failed: z.output<typeof failureSchema>,
  phrase: Phrase,
): CloudStackError {
  const { errorcode, cserrorcode, errortext } = failed;
  const words = errortext.trim() === '' ? `error ${String(errorcode)} without a text` : errortext.trim();
  const retryAfterMs = errorcode === 429 ? retryAfter(answer, errortext) : undefined;
  const holder = holderIn(errortext, 'answer');
  return new CloudStackError({
    ...fieldsOf(exchange, answer),
    kind: kindOfFailure({ errorCode: errorcode, csErrorCode: cserrorcode, text: errortext }, 'answer'),
    text: phrase(words, errorcode),
    errorCode: errorcode,
    ...(cserrorcode !== undefined && { csErrorCode: cserrorcode }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(holder !== undefined && { holder }),
  });
}

/**
 * An answer without CloudStack's words. Only two statuses prove that a change was not acted on: 401 and 429 are given before
 * the request is looked at. A 503 page may be Jetty's while the server starts, or that of a proxy which lost the connection
 * after it had passed the request on.
 */
function unusable(exchange: Exchange, answer: HttpAnswer): CloudStackError {
  const retryAfterMs = answer.status === 429 ? retryAfter(answer, '') : undefined;
  const target = answer.status >= 300 && answer.status < 400 ? redirectTarget(answer.location) : undefined;
  const what = answer.text.trim() === '' ? 'an empty body' : answer.contentType || 'a body of no type';
  return new CloudStackError({
    ...fieldsOf(exchange, answer),
    kind: kindOfStatus(answer.status) ?? lostKind(exchange.effect),
    text:
      target === undefined
        ? `HTTP ${String(answer.status)} with ${what} instead of CloudStack's JSON`
        : `HTTP ${String(answer.status)} redirects to ${target}; the endpoint must be the address that answers itself`,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

/** Refused, or sent elsewhere, before anybody looked at it. A 302 or 303 may follow upon the deed. */
function kindOfStatus(status: number): CloudStackErrorKind | undefined {
  if (status === 401) return 'unauthorized';
  return [301, 307, 308, 429].includes(status) ? 'unavailable' : undefined;
}

/** Where to, without the query: it repeats the key and the signature of the request. */
function redirectTarget(location: string | undefined): string | undefined {
  return location?.split(/[?#]/, 1)[0]?.slice(0, 200);
}

/** The kind of a failure after which nothing is known of what the server did. */
export function lostKind(effect: Effect): CloudStackErrorKind {
  return effect === 'change' ? 'outcome-unknown' : 'unavailable';
}

/** CloudStack: `api.throttling.interval` is seconds; whatever asks for more than an hour is believed for an hour. */
const longestWaitMs = 3_600_000;

/** CloudStack names the pause in its text, `please retry after [123] ms.`; proxies in a header, in seconds. */
function retryAfter(answer: HttpAnswer, text: string): number | undefined {
  const milliseconds = /\[(\d+)\]\s*ms/.exec(text)?.[1];
  if (milliseconds !== undefined) return Math.min(Number(milliseconds), longestWaitMs);
  return answer.retryAfter !== undefined && /^\d+$/.test(answer.retryAfter)
    ? Math.min(Number(answer.retryAfter) * 1000, longestWaitMs)
    : undefined;
}

function fieldsOf(exchange: Exchange, answer: HttpAnswer): Omit<CloudStackErrorFields, 'kind' | 'text'> {
  return { command: exchange.command, endpoint: exchange.endpoint, httpStatus: answer.status };
}

function parseObject(text: string): Content | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Content {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
