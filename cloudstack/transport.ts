import { Agent, buildConnector, errors, request } from 'undici';

/** One HTTP exchange: bytes out, bytes in. Knows neither signatures nor CloudStack. */
export interface Transport {
  exchange(message: HttpMessage): Promise<HttpAnswer>;
  close(): Promise<void>;
}

interface HttpMessage {
  readonly method: 'GET' | 'POST';
  /** query string or form body */
  readonly form: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  /** the Date header */
  readonly date?: string | undefined;
  /** the Location header of a redirect, which is never followed: a signed change would be sent twice */
  readonly location?: string | undefined;
  /** the Retry-After header, which CloudStack does not send but a proxy may */
  readonly retryAfter?: string | undefined;
  readonly text: string;
}

/** No answer came. */
export class TransportError extends Error {
  constructor(
    message: string,
    /** false when the request surely never left this machine */
    readonly maybeSent: boolean,
    readonly reason: 'connection' | 'deadline' | 'oversized' | 'aborted' | 'closed',
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'TransportError';
  }
}

/** A connection that was not established: nothing can have been sent on it. */
class NotConnectedError extends Error {
  override readonly name = 'NotConnectedError';
}

/** A page of 500 volumes has about 0.6 MB, one of VMs 1 MB; eight answers at once must not fill the memory. */
const longestAnswerBytes = 16 * 1024 * 1024;
const connectTimeoutMs = 10_000;

/** A transport to one endpoint with kept connections. CloudStack's Jetty drops idle ones after 30 s, we after 4 s. */
export function createTransport(endpoint: URL, connections: number): Transport {
  const connect = buildConnector({ timeout: connectTimeoutMs });
  const agent = new Agent({
    connections,
    keepAliveTimeout: 4_000,
    // deadlines are ours, one for the whole exchange
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: longestAnswerBytes,
    connect: (options, callback) => {
      connect(options, (...[error, socket]) => {
        if (error === null) callback(null, socket);
        else callback(new NotConnectedError(describe(error), { cause: error }), null);
      });
    },
  });

  let closing: Promise<void> | undefined;

  return {
    async exchange({ method, form, timeoutMs, signal }) {
      signal?.throwIfAborted();
      if (closing !== undefined) throw new TransportError('the client is closed', false, 'closed');
      const cut = new AbortController();
      const stop = () => {
        cut.abort(new TransportError('the call was aborted', true, 'aborted', { cause: signal?.reason }));
      };
      const deadline = setTimeout(() => {
        cut.abort(new TransportError(`no answer within ${String(timeoutMs)} ms`, true, 'deadline'));
      }, timeoutMs);
      signal?.addEventListener('abort', stop, { once: true });
      try {
        const url = new URL(endpoint);
        if (method === 'GET') url.search = form;
        const response = await request(url, {
          method,
          dispatcher: agent,
          signal: cut.signal,
          ...(method === 'POST' && {
            body: form,
            headers: { 'content-type': 'application/x-www-form-urlencoded' },
          }),
        });
        return {
          status: response.statusCode,
          contentType: header(response.headers['content-type']) ?? '',
          date: header(response.headers['date']),
          location: header(response.headers['location']),
          retryAfter: header(response.headers['retry-after']),
          text: await response.body.text(),
        };
      } catch (error) {
        throw asTransportError(error, cut.signal);
      } finally {
        clearTimeout(deadline);
        signal?.removeEventListener('abort', stop);
      }
    },
    close: () => (closing ??= agent.close()),
  };
}

function asTransportError(error: unknown, cut: AbortSignal): TransportError {
  const reason: unknown = cut.reason;
  if (reason instanceof TransportError) return reason;
  if (error instanceof errors.ResponseExceededMaxSizeError) {
    const most = String(longestAnswerBytes / 1024 / 1024);
    return new TransportError(`the answer is longer than ${most} MiB`, true, 'oversized');
  }
  // its `data` is what the server sent: that belongs into no log
  if (error instanceof errors.HTTPParserError) {
    return new TransportError(`the answer is not HTTP: ${error.message}`, true, 'connection');
  }
  const maybeSent = !(error instanceof NotConnectedError);
  return new TransportError(describe(error), maybeSent, 'connection', { cause: error });
}

/** Happy eyeballs fail with an AggregateError that has no message of its own. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message !== '') return error.message;
  if (error instanceof AggregateError) return error.errors.map(describe).join('; ');
  return 'code' in error ? String(error.code) : error.name;
}

function header(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
