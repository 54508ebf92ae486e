import type { MetFaults } from '../met-faults';
import type { JsonObject, JsonValue } from '../rows';
import type { WireAnswer } from './envelope';

/** A page of Jetty or of a proxy: what comes when nobody speaks CloudStack's language. */
export function htmlPage(status: number, title: string): WireAnswer {
  const text = `HTTP ERROR ${String(status)} ${title}`;
  return {
    status,
    contentType: 'text/html;charset=iso-8859-1',
    body: `<html>\n<head>\n<title>Error ${String(status)} ${title}</title>\n</head>\n<body><h2>${text}</h2>\n</body>\n</html>\n`,
  };
}

/** What comes instead of asking the server at all: a proxy's page or redirection. */
export function answerOfProxy(faults: MetFaults): WireAnswer | undefined {
  const redirect = faults.get('redirect');
  if (redirect !== undefined) return { ...htmlPage(302, 'Found'), location: redirect.location };
  return faults.get('html-503')?.effect === false ? htmlPage(503, 'Service Unavailable') : undefined;
}

/** The answer as it arrives when its way back is broken. The effect of the call is there. */
export function spoiled(answer: WireAnswer, faults: MetFaults): WireAnswer {
  if (faults.get('html-503') !== undefined) return htmlPage(503, 'Service Unavailable');
  if (faults.get('empty-answer') !== undefined) return { ...answer, status: 200, body: '' };
  if (faults.get('malformed-answer') !== undefined) {
    return { ...answer, body: answer.body.slice(0, Math.ceil(answer.body.length / 2)) };
  }
  const bytes = faults.get('oversized-answer')?.bytes;
  if (bytes !== undefined) {
    // Spaces before the last brace: well-formed, and far too much.
    const padding = ' '.repeat(Math.max(0, bytes - Buffer.byteLength(answer.body)));
    return { ...answer, body: `${answer.body.slice(0, -1)}${padding}${answer.body.slice(-1)}` };
  }
  return faults.get('reset-body') === undefined ? answer : { ...answer, resetInBody: true };
}

/** Every listed volume in one state. */
export function withVolumeState(content: JsonObject, state: string | undefined): JsonObject {
  const { volume } = content;
  if (state === undefined || !isList(volume)) return content;
  return { ...content, volume: volume.map((each) => (isObject(each) ? { ...each, state } : each)) };
}

const DATE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\+0000$/;
/** Texts that a caller chose: they stay as they are even when they look like a date. */
const CHOSEN = new Set(['name', 'displayname', 'key', 'value', 'description']);

/** The dates of an answer as a server sees them whose clock is ahead by so much. */
export function withDatesMoved(content: JsonObject, offsetMs: number): JsonObject {
  if (offsetMs === 0) return content;
  const moved = (value: JsonValue, name: string): JsonValue => {
    if (typeof value === 'string' && DATE.test(value) && !CHOSEN.has(name)) {
      return `${new Date(Date.parse(value) + offsetMs).toISOString().slice(0, 19)}+0000`;
    }
    if (isList(value)) return value.map((each) => moved(each, name));
    return isObject(value) ? withDatesMoved(value, offsetMs) : value;
  };
  return Object.fromEntries(Object.entries(content).map(([name, value]) => [name, moved(value, name)]));
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !isList(value);
}
