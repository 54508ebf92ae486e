import type { CallOptions } from './api';
import { createBound } from './bound';
import type { Clock } from './clock';
import { CloudStackError } from './errors';
import { judgeAnswer, lostKind, type Content, type Effect, type Exchange, type Phrase } from './judge-answer';
import type { RateLimit } from './rate-limit';
import { clockOffset, expiresAfter, offsetInWords, offsetsDiffer } from './server-clock';
import { signedForm, type RequestParameters } from './sign';
import { TransportError, type HttpAnswer, type Transport } from './transport';
import { watchCall, type CallWatcher } from './watch-call';

/** Sends commands, signed. Every call of the client goes through here. */
export interface SignedCalls {
  readonly endpoint: string;
  send(command: string, effect: Effect, parameters: RequestParameters, options?: CallOptions): Promise<Content>;
  /** milliseconds by which the Date of the last answer that had one was ahead of our clock */
  seenClockOffset(): number | undefined;
}

/** What the client logs to; a pino logger fits. Neither keys nor parameters are ever given to it. */
export interface CallLogger {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

interface CallDependencies {
  /** as it is shown in errors */
  readonly endpoint: string;
  readonly apiKey: string;
  readonly secretKey: string;
  readonly transport: Transport;
  readonly rateLimit: RateLimit;
  readonly maxConcurrent: number;
  readonly clock: Clock;
  readonly logger?: CallLogger | undefined;
  readonly watcher?: CallWatcher | undefined;
}

const defaultTimeoutMs = 30_000;
const repeatsOfRead = 3;
const firstPauseMs = 200;
/** Jetty takes 8 KiB of request line and headers (ServerDaemon: setRequestHeaderSize(8192)); longer reads go as POST. */
const longestQuery = 4_000;

/** Said of a 401 of a server that does not tell its time. */
const unknownClock = "wrong key, wrong secret, or clocks too far apart: compare the server's time with this machine's";

interface Request {
  readonly exchange: Exchange;
  readonly parameters: RequestParameters;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Reads go by GET and are repeated up to three times within their deadline; changes go by POST and are sent once. A call that
 * is aborted rejects with the signal's reason, except a change that may have been sent: that is `outcome-unknown`.
 */
export function createSignedCalls(dependencies: CallDependencies): SignedCalls {
  const { endpoint, secretKey, transport, rateLimit, clock, logger, watcher } = dependencies;
  const bound = createBound(dependencies.maxConcurrent);

  // By how much the server's clock is ahead of ours, once a refusal taught it. An accepted request teaches nothing: our idea of
  // the time was good enough, and the Date header may be a proxy's.
  let serverOffsetMs = 0;
  // What the last Date said, for whoever wants to see it; requests are not signed by it.
  let seenOffsetMs: number | undefined;

  const sign = (command: string, parameters: RequestParameters, offsetMs: number): string => {
    const common = { command, apikey: dependencies.apiKey, response: 'json', signatureversion: '3' };
    return signedForm({ ...parameters, ...common, expires: expiresAfter(clock.now() + offsetMs) }, secretKey);
  };

  /** A bad key, a bad signature and a wrong clock all get the same words. */
  const phrase =
    (hint?: string): Phrase =>
    (words, errorCode) =>
      hint !== undefined && errorCode === 401 ? `${words} (${hint})` : words;

  /** Whatever a server or proxy echoes, the secret comes no further than here, so no error and no log can show it. */
  const withoutSecret = ({ text, contentType, location, ...answer }: HttpAnswer): HttpAnswer => ({
    ...answer,
    text: text.replaceAll(secretKey, '[secret]'),
    contentType: contentType.replaceAll(secretKey, '[secret]'),
    location: location?.replaceAll(secretKey, '[secret]'),
  });

  /** One HTTP exchange, within the bounds of concurrency and rate. */
  const exchangeOnce = (request: Request, offsetMs: number) =>
    bound(async (): Promise<HttpAnswer> => {
      const { exchange, parameters, timeoutMs, signal } = request;
      await rateLimit.turn(signal);
      const form = sign(exchange.command, parameters, offsetMs);
      const method = exchange.effect === 'read' && form.length <= longestQuery ? 'GET' : 'POST';
      const began = performance.now();
      const answer = withoutSecret(await transport.exchange({ method, form, timeoutMs, signal }));
      const milliseconds = Math.round(performance.now() - began);
      seenOffsetMs = clockOffset(answer.date, clock.now()) ?? seenOffsetMs;
      logger?.debug({ command: exchange.command, status: answer.status, milliseconds }, 'CloudStack answered');
      return answer;
    }, request.signal);

  /** Exchanges, and once more when the server's clock explains a refusal: a 401 is given before anything is done. */
  const exchangeByServerClock = async (request: Request): Promise<Content> => {
    const { exchange } = request;
    const usedMs = serverOffsetMs;
    const answer = await exchangeOnce(request, usedMs);
    const seenMs = answer.status === 401 ? clockOffset(answer.date, clock.now()) : undefined;
    if (seenMs === undefined) return judgeAnswer(exchange, answer, phrase(unknownClock));
    if (!offsetsDiffer(seenMs, usedMs)) return judgeAnswer(exchange, answer, phrase());

    const clocks = `the server's Date is ${offsetInWords(seenMs)}`;
    logger?.warn({ command: exchange.command, clocks }, 'CloudStack refused the request; signing by its clock');
    const second = await exchangeOnce(request, seenMs);
    if (second.status === 401) return judgeAnswer(exchange, second, phrase(`${clocks}; signing by it did not help`));
    serverOffsetMs = seenMs;
    return judgeAnswer(exchange, second, phrase());
  };

  const attempt = async (request: Request): Promise<Content> => {
    try {
      return await exchangeByServerClock(request);
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      if (request.exchange.effect === 'read') request.signal?.throwIfAborted();
      throw lost(request.exchange, error);
    }
  };

  const send: SignedCalls['send'] = async (command, effect, parameters, options = {}) => {
    const { signal, timeoutMs = defaultTimeoutMs } = options;
    signal?.throwIfAborted();
    const exchange: Exchange = { command, effect, endpoint };
    const deadline = performance.now() + timeoutMs;
    for (let repeat = 0; ; repeat++) {
      try {
        const remaining = Math.max(1, Math.round(deadline - performance.now()));
        const once = { exchange, parameters, timeoutMs: remaining, signal };
        return await watchCall(watcher, command, () => attempt(once));
      } catch (error) {
        if (!(error instanceof CloudStackError)) throw error;
        if (error.retryAfterMs !== undefined) rateLimit.holdOff(error.retryAfterMs);
        const pause = (error.retryAfterMs ?? firstPauseMs * 2 ** repeat) * (1 + Math.random() / 2);
        const late = performance.now() + pause >= deadline;
        if (effect === 'change' || !isPassing(error) || repeat >= repeatsOfRead || late) throw error;
        logger?.warn({ command, pause: Math.round(pause), cause: error.text }, 'asking CloudStack again after a pause');
        await clock.sleep(pause, signal);
      }
    }
  };

  return { endpoint, send, seenClockOffset: () => seenOffsetMs };
}

/** The error of an exchange that ended without an answer. */
function lost(exchange: Exchange, cause: TransportError): CloudStackError {
  const kind = cause.maybeSent ? lostKind(exchange.effect) : 'unavailable';
  const { command, endpoint } = exchange;
  return new CloudStackError({ kind, command, endpoint, text: cause.message }, { cause });
}

/** Whether a read may fare better in a moment. A wrong path (404) or a deadline that has passed does not. */
function isPassing(error: CloudStackError): boolean {
  if (error.kind !== 'unavailable') return false;
  if (error.httpStatus !== undefined) return error.httpStatus === 200 || error.httpStatus >= 429;
  return error.cause instanceof TransportError && error.cause.reason === 'connection';
}
