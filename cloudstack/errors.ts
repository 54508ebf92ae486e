/**
 * One kind for each thing that a caller can do something about:
 * - `refused`: CloudStack looked at it and said no (431, 530, 531, 532 …); text and codes are its own
 * - `not-found`: an id that it does not know ("entity does not exist")
 * - `already-exists`: a chosen id (customid, customjobid) is taken: the earlier try arrived
 * - `unauthorized`: key, signature or clock (401, 432)
 * - `unavailable`: it surely did not act: connection refused, 429, 503, or a read that got no answer
 * - `outcome-unknown`: a change was sent and no usable answer came: lost connection, deadline, empty 200, HTML
 */
export type CloudStackErrorKind =
  'refused' | 'not-found' | 'already-exists' | 'unauthorized' | 'unavailable' | 'outcome-unknown';

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
}

/** A failed exchange with CloudStack. A failed *job* is no error of this kind: it is an answer. */
export class CloudStackError extends Error implements CloudStackErrorFields {
  readonly kind: CloudStackErrorKind;
  readonly command: string;
  readonly endpoint: string;
  readonly text: string;
  readonly httpStatus?: number;
  readonly errorCode?: number;
  readonly csErrorCode?: number;
  readonly retryAfterMs?: number;

  constructor(fields: CloudStackErrorFields, options?: ErrorOptions) {
    super(`${fields.command}: ${fields.text}`, options);
    this.name = 'CloudStackError';
    this.kind = fields.kind;
    this.command = fields.command;
    this.endpoint = fields.endpoint;
    this.text = fields.text;
    if (fields.httpStatus !== undefined) this.httpStatus = fields.httpStatus;
    if (fields.errorCode !== undefined) this.errorCode = fields.errorCode;
    if (fields.csErrorCode !== undefined) this.csErrorCode = fields.csErrorCode;
    if (fields.retryAfterMs !== undefined) this.retryAfterMs = fields.retryAfterMs;
  }
}

/** Whether an error is a CloudStack error, of one of the kinds when any are named. */
export function isCloudStackError(error: unknown, ...kinds: CloudStackErrorKind[]): error is CloudStackError {
  return error instanceof CloudStackError && (kinds.length === 0 || kinds.includes(error.kind));
}
