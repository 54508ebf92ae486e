import type { ApiError } from '../api-error';
import type { JsonObject } from '../rows';
import { toXml } from './xml';

/** An answer as it goes over the wire. */
export interface WireAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly description?: string;
  readonly body: string;
  /** of a redirection */
  readonly location?: string;
  /** the connection is reset in the middle of the body */
  readonly resetInBody?: boolean;
}

/** `{"listvolumesresponse": …}`, or the same as XML, which is CloudStack's default. */
export function wireAnswer(key: string, content: JsonObject, json: boolean, version: string): WireAnswer {
  return json
    ? { status: 200, contentType: 'application/json;charset=utf-8', body: JSON.stringify({ [key]: content }) }
    : { status: 200, contentType: 'text/xml;charset=utf-8', body: toXml(key, content, version) };
}

/** A refusal; the key is `errorresponse` for what is no command at all, and literally `null` when none was named. */
export function wireError(key: string, error: ApiError, json: boolean, version: string): WireAnswer {
  const content = {
    uuidList: [],
    errorcode: error.code,
    cserrorcode: error.exceptionCode ?? undefined,
    errortext: error.message,
  };
  return {
    ...wireAnswer(key, content, json, version),
    status: error.code,
    ...(error.described && { description: error.message }),
  };
}
