import { createHmac } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { FaultSettings } from '../../simulator/fault-kinds';
import { startSimulator } from '../../simulator/start';
import type { RunningSimulator, SimulatorAccount, SimulatorOptions } from '../../simulator/start';

export type Fields = Record<string, string>;
export interface Volume {
  id: string;
  name: string;
  state: string;
  size: number;
  type: string;
  deviceid?: number;
  virtualmachineid?: string;
  jobid?: string;
  path?: string;
  deleteprotection: boolean;
  tags: { key: string; value: string }[];
}
export interface Job {
  jobid: string;
  jobstatus: number;
  jobresultcode: number;
  jobinstanceid?: string;
  jobresult?: { errorcode?: number; errortext?: string; volume?: Volume; success?: boolean };
}
export interface Reply {
  status: number;
  /** the key of the body */
  key: string;
  /** what stands inside it */
  content: {
    id?: string;
    jobid?: string;
    count?: number;
    volume?: Volume[];
    errorcode?: number;
    cserrorcode?: number;
    errortext?: string;
    success?: boolean;
    [name: string]: unknown;
  };
  text: string;
  headers: Headers;
}

/** Signs as the reference says (§1.2), written apart from the simulator's own code. */
export function sign(parameters: Fields, secretKey: string): string {
  const text = Object.keys(parameters)
    .sort()
    .map((name) => `${name}=${encodeURIComponent(parameters[name] ?? '').replace(/[!'()~]/g, escapeCharacter)}`)
    .join('&')
    .toLowerCase();
  return createHmac('sha1', secretKey).update(text).digest('base64');
}

function escapeCharacter(character: string): string {
  return `%${character.charCodeAt(0).toString(16)}`;
}

/** One caller of a simulator. */
export class Caller {
  constructor(
    private readonly endpoint: string,
    readonly account: SimulatorAccount,
  ) {}

  async call(command: string, parameters: Fields = {}, method: 'GET' | 'POST' = 'GET'): Promise<Reply> {
    return await this.send({ command, response: 'json', ...parameters }, method);
  }

  async send(parameters: Fields, method: 'GET' | 'POST' = 'GET', secretKey = this.account.secretKey): Promise<Reply> {
    const all = { apikey: this.account.apiKey, ...parameters };
    const form = new URLSearchParams({ ...all, signature: sign(all, secretKey) }).toString();
    const response = await (method === 'GET'
      ? fetch(`${this.endpoint}?${form}`)
      : fetch(this.endpoint, { method, body: form, headers: { 'content-type': 'application/x-www-form-urlencoded' } }));
    const text = await response.text();
    const body = text.startsWith('{') ? (JSON.parse(text) as Record<string, Reply['content']>) : {};
    const [key = '', content = {}] = Object.entries(body)[0] ?? [];
    return { status: response.status, key, content, text, headers: response.headers };
  }

  /** The job's end. */
  async job(jobId: string | undefined): Promise<Job> {
    for (;;) {
      const { content } = await this.call('queryAsyncJobResult', { jobid: jobId ?? '' });
      const job = content as unknown as Job;
      if (job.jobstatus !== 0) return job;
      await pause(10);
    }
  }

  /** Sends an asynchronous command and waits for its job. */
  async run(command: string, parameters: Fields): Promise<Job> {
    const { status, content, text } = await this.call(command, parameters, 'POST');
    if (status !== 200) throw new Error(`${command}: ${text}`);
    return await this.job(content.jobid);
  }

  async volumes(parameters: Fields = {}): Promise<Volume[]> {
    return (await this.call('listVolumes', parameters)).content.volume ?? [];
  }

  async volume(id: string): Promise<Volume | undefined> {
    return (await this.volumes({ id }))[0];
  }
}

/** A simulator with its callers and switches, quick by default. */
export interface SimulatedSite {
  readonly simulator: RunningSimulator;
  readonly admin: Caller;
  readonly user: Caller;
  readonly zone: string;
  readonly customOffering: string;
  readonly fixedOffering: string;
  /** ids of the VMs by name */
  readonly machines: Readonly<Record<string, string>>;
  /** placeholders of the recordings for what else the world has */
  readonly named: Readonly<Record<string, string>>;
  newVolume(name: string, more?: Fields): Promise<string>;
  fault(...faults: FaultSettings[]): Promise<void>;
  control(method: string, path: string, body?: unknown): Promise<unknown>;
  close(): Promise<void>;
}

export const quickTimings = {
  createMs: 5,
  queueMs: 5,
  attachMs: 20,
  detachMs: 20,
  deleteMs: 5,
  snapshotMs: 10,
  backupMs: 5,
  powerMs: 10,
  linkDelayMs: [5, 20],
} as const;

/** Starts a simulator and looks up what its world is made of, through its own API. */
export async function simulatedSite(options: SimulatorOptions & { timings?: object } = {}): Promise<SimulatedSite> {
  const { timings, ...rest } = options;
  const simulator = await startSimulator({ world: 'demo', ...rest });
  const control = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${simulator.controlEndpoint}${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(JSON.stringify(answer));
    return answer;
  };
  await control('POST', '/timings', { ...quickTimings, ...timings });
  const caller = (role: string): Caller => {
    const account = simulator.accounts.find((each) => each.role === role);
    if (account === undefined) throw new Error(`no account with the role ${role}`);
    return new Caller(simulator.endpoint, account);
  };
  const admin = caller('admin');
  const things = async (command: string, key: string): Promise<Record<string, string>> => {
    const { content } = await admin.call(command, {
      listall: 'true',
      templatefilter: 'all',
      signatureversion: '3',
      expires: new Date(Date.now() + 60_000).toISOString(),
    });
    return Object.fromEntries((content[key] as { id: string; name: string }[]).map(({ id, name }) => [name, id]));
  };
  const zone = Object.values(await things('listZones', 'zone'))[0] ?? '';
  const offerings = await things('listDiskOfferings', 'diskoffering');
  const serviceOfferings = await things('listServiceOfferings', 'serviceoffering');
  const networks = await things('listNetworks', 'network');
  const templates = await things('listTemplates', 'template');
  const customOffering = offerings['replica-custom'] ?? offerings['custom-disk'] ?? '';
  return {
    simulator,
    admin,
    user: caller('user'),
    zone,
    customOffering,
    fixedOffering: offerings['fixed-5'] ?? '',
    machines: await things('listVirtualMachines', 'virtualmachine'),
    named: {
      customServiceOffering: serviceOfferings['custom-vm'] ?? '',
      serviceOffering: serviceOfferings['appliance-2c4g'] ?? '',
      adminNetwork: networks['l2-admin'] ?? '',
      userNetwork: networks['l2-user'] ?? '',
      template: Object.values(templates)[0] ?? '',
    },
    newVolume: async (name, more = {}) => {
      const { content } = await admin.call('createVolume', {
        name,
        zoneid: zone,
        diskofferingid: customOffering,
        size: '1',
        ...more,
      });
      await admin.job(content.jobid);
      return content.id ?? '';
    },
    fault: async (...faults) => {
      await control('POST', '/faults', faults);
    },
    control,
    close: () => simulator.close(),
  };
}
