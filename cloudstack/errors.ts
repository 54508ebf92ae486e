/**
 * One kind for each thing that a caller can do something about:
 * - `refused`: CloudStack looked at it and said no (431, 530, 531, 532 …); text and codes are its own
 * - `conflict`: it said no because somebody else holds or works on the thing; `holder` says who, where it says so
 * - `not-found`: an id that it never knew ("entity does not exist")
 * - `gone`: an id that it knew once and removed ("Unable to find UUID for id [6] of type [Volume]")
 * - `already-exists`: a chosen id (customid, customjobid) is taken: the earlier try arrived
 * - `unauthorized`: key, signature or clock (401), or a command that the role may not use (432)
 * - `unavailable`: it surely did not act: connection refused, 429, 503, or a read that got no answer; `retryAfterMs` is the wait
 *   that it asked for
 * - `outcome-unknown`: a change was sent and no usable answer came: lost connection, deadline, empty 200, HTML; or a job in which the
 *   hypervisor did not answer in time
 * - `job-lost`: the job was accepted and nobody knows what became of it: restart, cancel, expiry
 */
export type CloudStackErrorKind =
  | 'refused'
  | 'conflict'
  | 'not-found'
  | 'gone'
  | 'already-exists'
  | 'unauthorized'
  | 'unavailable'
  | 'outcome-unknown'
  | 'job-lost';

/** Who holds what a change wanted: a VM that a volume is attached to, a volume in a device id, what a tag is on. */
export interface Holder {
  readonly id?: string;
  readonly name?: string;
}

export interface CloudStackErrorFields {
  readonly kind: CloudStackErrorKind;
  readonly command: string;
  readonly endpoint: string;
  /** CloudStack's own text, or the transport's, never holding the secret */
  readonly text: string;
  readonly httpStatus?: number;
  readonly errorCode?: number;
  readonly csErrorCode?: number;
  /** milliseconds that the server asked to wait (429) */
  readonly retryAfterMs?: number;
  /** of a conflict */
  readonly holder?: Holder;
  /** the job that failed or was lost */
  readonly jobId?: string;
}

/** A failed exchange with CloudStack, or what {@link jobFailure} makes of the end of a job. */
export class CloudStackError extends Error implements CloudStackErrorFields {
  readonly kind: CloudStackErrorKind;
  readonly command: string;
  readonly endpoint: string;
  readonly text: string;
  readonly httpStatus?: number;
  readonly errorCode?: number;
  readonly csErrorCode?: number;
  readonly retryAfterMs?: number;
  readonly holder?: Holder;
  readonly jobId?: string;

  constructor(fields: CloudStackErrorFields, options?: ErrorOptions) {
    const text = readable(fields.text);
    super(`${fields.command}: ${text}`, options);
    this.name = 'CloudStackError';
    this.kind = fields.kind;
    this.command = fields.command;
    this.endpoint = fields.endpoint;
    this.text = text;
    if (fields.httpStatus !== undefined) this.httpStatus = fields.httpStatus;
    if (fields.errorCode !== undefined) this.errorCode = fields.errorCode;
    if (fields.csErrorCode !== undefined) this.csErrorCode = fields.csErrorCode;
    if (fields.retryAfterMs !== undefined) this.retryAfterMs = fields.retryAfterMs;
    if (fields.holder !== undefined) this.holder = fields.holder;
    if (fields.jobId !== undefined) this.jobId = fields.jobId;
  }

  /** The same failure, with its holder. */
  heldBy(holder: Holder): CloudStackError {
    const { kind, command, endpoint, text, httpStatus, errorCode, csErrorCode } = this;
    return new CloudStackError(
      {
        kind,
        command,
        endpoint,
        text,
        holder,
        ...(httpStatus !== undefined && { httpStatus }),
        ...(errorCode !== undefined && { errorCode }),
        ...(csErrorCode !== undefined && { csErrorCode }),
      },
      { cause: this },
    );
  }
}

/** A server's words as they may be shown and stored: of bounded length, without control characters and halves of surrogates. */
function readable(text: string): string {
  const clean = text.slice(0, longestText).replaceAll(/[\p{Cc}\p{Surrogate}]+/gu, ' ');
  return text.length > longestText ? `${clean}…` : clean;
}

const longestText = 2_000;

/** Whether an error is a CloudStack error, of one of the kinds when any are named. */
export function isCloudStackError(error: unknown, ...kinds: CloudStackErrorKind[]): error is CloudStackError {
  return error instanceof CloudStackError && (kinds.length === 0 || kinds.includes(error.kind));
}

/** Whether CloudStack looked at a change and did not do it, for whatever reason: it may be sent again once the reason has passed. */
export function isRefusal(error: unknown): error is CloudStackError {
  return isCloudStackError(error, 'refused', 'conflict', 'not-found', 'gone');
}
