import { setTimeout as pause } from 'node:timers/promises';
import type { Caller, Reply } from '../caller';
import { contentOf } from '../recording';
import type { Fields } from '../recording';
import type { Stage } from '../replay';
import { rowsOf } from '../world';

/** A behaviour of a real CloudStack of which no recording is at hand, in code; it runs against any endpoint. */
export interface Check {
  readonly name: string;
  /** the words of the reference that it holds a server to */
  readonly about: string;
  /** needs the simulator's switches: on another server it is left out and said */
  readonly needsControl?: true;
  run(trial: Trial): Promise<void>;
}

type Parameters = Readonly<Record<string, string>>;
type As = 'admin' | 'user';

/** What a check does with a server, and what it finds to differ. */
export class Trial {
  readonly differences: string[] = [];
  readonly made: { command: string; id: string }[] = [];

  constructor(
    private readonly stage: Stage,
    /** URL of the simulator's switches */
    private readonly controlUrl: string | undefined,
  ) {}

  /** The id of something that the world of the recordings has. */
  known(name: string): string {
    return this.stage.known[name] ?? '';
  }

  caller(as: As): Caller {
    return this.stage[as];
  }

  /** Sends one request. Reads go by GET and changes by POST, both with a timestamp, so that enforcement does not matter. */
  async send(command: string, parameters: Parameters = {}, as: As = 'admin'): Promise<Reply> {
    const expires = new Date(Date.now() + 10 * 60_000).toISOString();
    const all = { command, response: 'json', signatureversion: '3', expires, ...parameters };
    const reply = await this.stage[as].send(all, /^(list|query)/.test(command) ? 'GET' : 'POST');
    const id = reply.status === 200 ? contentOf(reply.body)?.['id'] : undefined;
    if (typeof id === 'string') this.made.push({ command, id });
    return reply;
  }

  /** What a request must answer with. @throws Error for a refusal */
  async content(command: string, parameters: Parameters = {}, as: As = 'admin'): Promise<Fields> {
    const reply = await this.send(command, parameters, as);
    if (reply.status !== 200) throw new Error(`${command}: ${String(reply.status)} ${reply.text.slice(0, 300)}`);
    return contentOf(reply.body) ?? {};
  }

  /** The end of a job. */
  async jobEnd(jobId: unknown, as: As = 'admin'): Promise<Fields> {
    const until = Date.now() + 300_000;
    for (;;) {
      const job = await this.content('queryAsyncJobResult', { jobid: String(jobId) }, as);
      if (job['jobstatus'] !== 0 || Date.now() > until) return job;
      await pause(this.stage.preparer.pace < 1 ? 10 : 250);
    }
  }

  /** Sends an asynchronous command. @returns the end of its job @throws Error when it is refused at once */
  async run(command: string, parameters: Parameters, as: As = 'admin'): Promise<Fields> {
    return await this.jobEnd((await this.content(command, parameters, as))['jobid'], as);
  }

  /** A new volume of 1 GiB. @returns its id */
  async newVolume(name: string, as: As = 'admin'): Promise<string> {
    const offering = { zoneid: this.known('zone'), diskofferingid: this.known('customDiskOffering'), size: '1' };
    const { id, jobid } = await this.content('createVolume', { name, ...offering }, as);
    await this.jobEnd(jobid, as);
    return String(id);
  }

  async volume(id: string): Promise<Fields> {
    return rowsOf(await this.content('listVolumes', { id }), 'volume')[0] ?? {};
  }

  /** One of the simulator's switches. */
  async control(path: string, body: unknown): Promise<void> {
    const response = await fetch(`${this.controlUrl ?? ''}${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`POST ${path}: ${await response.text()}`);
  }

  /** Notes a difference unless the value is the expected one. */
  same(what: string, here: unknown, expected: string | number | boolean | undefined): void {
    if (here !== expected) this.differences.push(`${what}: expected ${String(expected)}, here ${JSON.stringify(here)}`);
  }

  /** Notes a difference unless the text is like the expected one. */
  like(what: string, here: unknown, expected: RegExp): void {
    if (!expected.test(String(here)))
      this.differences.push(`${what}: expected ${String(expected)}, here ${String(here)}`);
  }

  /** Notes what differs from a refusal of the API itself. */
  refused(what: string, reply: Reply, status: number, text: RegExp): void {
    this.same(`${what}: HTTP status`, reply.status, status);
    this.like(`${what}: text`, contentOf(reply.body)?.['errortext'], text);
  }

  /** Notes what differs from a job that succeeded. */
  succeeded(what: string, job: Fields): void {
    this.same(`${what}: jobstatus`, job['jobstatus'], 1);
    this.same(`${what}: jobresultcode`, job['jobresultcode'], 0);
    if (job['jobstatus'] !== 1) this.differences.push(`${what}: ${JSON.stringify(job['jobresult'])}`);
  }

  /** Notes what differs from a job that failed. */
  failed(what: string, job: Fields, code: number, text: RegExp): void {
    this.same(`${what}: jobstatus`, job['jobstatus'], 2);
    this.same(`${what}: jobresultcode`, job['jobresultcode'], code);
    const result = job['jobresult'] as Fields | undefined;
    this.same(`${what}: errorcode`, result?.['errorcode'], code);
    this.like(`${what}: text`, result?.['errortext'], text);
    this.same(`${what}: cserrorcode`, result?.['cserrorcode'], undefined);
  }
}
