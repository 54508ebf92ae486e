import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Fields, Reply, SimulatedSite } from './simulated-site';

/** One recorded exchange (test/cloudstack/fixtures/README.md). */
export interface Step {
  readonly note: string;
  readonly as: 'admin' | 'user';
  readonly method: 'GET' | 'POST';
  readonly params: Readonly<Record<string, string>>;
  readonly status: number;
  readonly contentType: string;
  readonly xDescription?: string;
  readonly signed?: 'badsecret' | 'nokey';
  readonly body?: Readonly<Record<string, unknown>>;
  readonly text?: string;
}

export function recorded(scenario: string): readonly Step[] {
  const path = join(__dirname, '..', 'cloudstack', 'fixtures', 'cloudstack-4.22.1.0', `${scenario}.json`);
  return (JSON.parse(readFileSync(path, 'utf8')) as { steps: Step[] }).steps;
}

/** Fields that are chance, time or the recorded machine's own. */
const NOT_COMPARED = new Set([
  ...['created', 'attached', 'completed', 'lastupdated', 'expires'], // dates
  ...['hostname', 'macaddress', 'email', 'dns1', 'internaldns1'], // the recorded machine
  ...['datastore', 'url'],
  ...['volumetotal', 'primarystoragetotal'], // a volume of an earlier recording was still there
  ...['gputotal', 'serviceofferingid'], // differ between recordings; internal number in a volume's listing
]);

/** Internal numbers and the like within texts. */
const CHANCE = /("id":|"instanceId":|id \[|id=|i-2-|ROOT-)(\d+)/g;

/** The uuids that a replay has met so far, by the name that the recording gives them. */
export class Bindings {
  private readonly bound = new Map<string, string>();

  constructor(known: Readonly<Record<string, string>>) {
    for (const [name, value] of Object.entries(known)) this.bound.set(name, value);
  }

  /** The text with every placeholder filled in; an unknown one in a request is an id that the caller chooses. */
  fill(text: string): string {
    return text.replace(/\$\{([^}]+)\}/g, (_, name: string) => {
      const value = this.bound.get(name) ?? randomUUID();
      this.bound.set(name, value);
      return value;
    });
  }

  knows(text: string): boolean {
    return [...text.matchAll(/\$\{([^}]+)\}/g)].every(([, name = '']) => this.bound.has(name));
  }

  /** What differs between a recorded value and the one that was answered, binding new placeholders. */
  differences(expected: unknown, actual: unknown, path: string): string[] {
    if (typeof expected === 'string' && typeof actual === 'string') {
      return this.sameText(expected, actual) ? [] : [`${path}: recorded ${expected}, here ${actual}`];
    }
    if (Array.isArray(expected) && Array.isArray(actual)) {
      const lengths =
        expected.length === actual.length
          ? []
          : [`${path}: ${String(expected.length)} recorded, ${String(actual.length)} here`];
      return [
        ...lengths,
        ...expected.flatMap((each, index) => this.differences(each, actual[index], `${path}[${String(index)}]`)),
      ];
    }
    if (isFields(expected) && isFields(actual)) {
      const missing = Object.keys(expected).filter((name) => !(name in actual));
      const added = Object.keys(actual).filter((name) => !(name in expected));
      return [
        ...missing.map((name) => `${path}.${name}: missing here`),
        ...added.map((name) => `${path}.${name}: not in the recording`),
        ...Object.keys(expected)
          .filter((name) => name in actual && !NOT_COMPARED.has(name))
          .flatMap((name) => this.differences(expected[name], actual[name], `${path}.${name}`)),
      ];
    }
    return expected === actual ? [] : [`${path}: recorded ${JSON.stringify(expected)}, here ${JSON.stringify(actual)}`];
  }

  private sameText(expected: string, actual: string): boolean {
    const names: string[] = [];
    const pattern = expected
      .split(/(\$\{[^}]+\})/)
      .map((part) => {
        const name = /^\$\{([^}]+)\}$/.exec(part)?.[1];
        if (name === undefined) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(ESCAPED_CHANCE, '$1\\d+');
        const known = this.bound.get(name);
        if (known !== undefined) return known.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
        names.push(name);
        return '([0-9a-f-]{36})';
      })
      .join('');
    const match = new RegExp(`^${pattern}$`, 's').exec(actual);
    if (match === null) return false;
    for (const [index, name] of names.entries()) this.bound.set(name, match[index + 1] ?? '');
    return true;
  }
}

/** {@link CHANCE} in a text whose special characters are escaped already. */
const ESCAPED_CHANCE = new RegExp(CHANCE.source.replace('\\[', '\\\\\\['), 'g');

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Sends one recorded request and answers what differs from the recording. A job is asked until it is final. */
export async function replayStep(site: SimulatedSite, bindings: Bindings, step: Step): Promise<string[]> {
  if (isPendingJob(step.body) || isOfUnrecordedCommand(bindings, step)) return [];
  for (;;) {
    const reply = await send(site, bindings, step);
    if (isPendingJob({ [reply.key]: reply.content }) && step.params['command'] === 'queryAsyncJobResult') {
      await pause(10);
      continue;
    }
    const described = reply.headers.get('x-description');
    const differences = [
      ...(reply.status === step.status
        ? []
        : [`status: recorded ${String(step.status)}, here ${String(reply.status)}: ${reply.text}`]),
      ...bindings.differences(step.contentType, reply.headers.get('content-type') ?? '', 'content-type'),
      ...((step.xDescription === undefined) === (described === null)
        ? []
        : [`x-description: ${String(described)} here`]),
      ...(step.body === undefined
        ? bindings.differences(step.text, reply.text, 'text')
        : bindings.differences(step.body, { [reply.key]: reply.content }, 'body')),
    ];
    return differences.map((difference) => `${step.note}: ${difference}`);
  }
}

async function send(site: SimulatedSite, bindings: Bindings, step: Step): Promise<Reply> {
  const minutes = /(\d+) minutes/.exec(step.note)?.[1] ?? '10';
  const parameters: Fields = step.contentType.startsWith('text/xml') ? {} : { response: 'json' };
  for (const [name, value] of Object.entries(step.params)) {
    parameters[name] = value.startsWith('(now')
      ? new Date(Date.now() + Number(minutes) * 60_000).toISOString()
      : bindings.fill(value);
  }
  const caller = step.as === 'admin' ? site.admin : site.user;
  if (step.signed === 'nokey') return await caller.send({ ...parameters, apikey: '' }, step.method);
  return await caller.send(parameters, step.method, step.signed === 'badsecret' ? 'not the secret' : undefined);
}

/** Of some clean-up only the jobs' ends were recorded. */
function isOfUnrecordedCommand(bindings: Bindings, step: Step): boolean {
  return (
    step.status === 200 &&
    step.params['command'] === 'queryAsyncJobResult' &&
    !bindings.knows(step.params['jobid'] ?? '')
  );
}

function isPendingJob(body: Readonly<Record<string, unknown>> | undefined): boolean {
  const job = body?.['queryasyncjobresultresponse'];
  return isFields(job) && job['jobstatus'] === 0;
}
