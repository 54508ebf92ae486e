import { readFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createHmac } from 'node:crypto';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import type { WorldFile } from '../simulator/world-file';
import { freePort } from '../stack/free-port';
import { startSimulatorProcess } from '../stack/simulator-process';

/**
 * `npm run bench:simulator -- [--volumes N] [--vms N] [--in-flight N] [--json]`: what the simulator, as a process of its own, does in a second, so
 * that one can see that it is never what a run waits for. All its times are zero; the client keeps its connections and signs each
 * request. At the end it is killed with SIGKILL and started again on what it left.
 */
interface Figure {
  readonly what: string;
  readonly seconds: number;
  /** of one call, milliseconds */
  readonly millis?: { readonly median: number; readonly p99: number };
  readonly perSecond?: number;
  /** the simulator's own processor time for one call: what is left of the figures on a busy machine */
  readonly processorMillis?: number;
}

type Fields = Readonly<Record<string, string>>;
type Content = Readonly<Record<string, unknown>>;

/** A client that does as little as one can, so that the figures are the simulator's. */
class Client {
  constructor(
    private readonly endpoint: string,
    private readonly apiKey: string,
    private readonly secretKey: string,
  ) {}

  async call(command: string, parameters: Fields = {}): Promise<Content> {
    const all: Record<string, string> = { apikey: this.apiKey, command, response: 'json', ...parameters };
    const text = Object.keys(all)
      .sort()
      .map((name) => `${name}=${encodeURIComponent(all[name] ?? '')}`)
      .join('&');
    const signature = createHmac('sha1', this.secretKey).update(text.toLowerCase()).digest('base64');
    const response = await fetch(`${this.endpoint}?${text}&signature=${encodeURIComponent(signature)}`);
    const body = (await response.json()) as Record<string, Content>;
    if (!response.ok) throw new Error(`${command}: ${JSON.stringify(body)}`);
    return Object.values(body)[0] ?? {};
  }

  /** Sends a command and asks for its job until it has succeeded. */
  async run(command: string, parameters: Fields): Promise<Content> {
    const sent = await this.call(command, parameters);
    for (;;) {
      const job = await this.call('queryAsyncJobResult', { jobid: String(sent['jobid']) });
      if (job['jobstatus'] === 1) return sent;
      if (job['jobstatus'] === 2) throw new Error(`${command}: ${JSON.stringify(job)}`);
      await pause(1);
    }
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      volumes: { type: 'string', default: '2000' },
      vms: { type: 'string', default: '200' },
      'in-flight': { type: 'string', default: '16' },
      json: { type: 'boolean', default: false },
    },
  });
  const folder = await mkdtemp(join(tmpdir(), 'diskferry-bench-'));
  try {
    const figures = await measure(folder, Number(values.volumes), Number(values.vms), Number(values['in-flight']));
    process.stdout.write(values.json ? `${JSON.stringify(figures)}\n` : `${report(figures)}\n`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(folder: string, volumes: number, vms: number, inFlight: number): Promise<Figure[]> {
  const world = join(folder, 'world.json');
  await writeFile(world, JSON.stringify(worldOf(vms)));
  const options = { world, stateDirectory: join(folder, 'state'), logFile: join(folder, 'simulator.log') };
  const figures: Figure[] = [];
  const timed = async (what: string, count: number, together: number, call: (index: number) => Promise<unknown>) => {
    const before = await processorSeconds(first.process.processId);
    const figure = await time(what, count, together, call);
    const used = (await processorSeconds(first.process.processId)) - before;
    figures.push({ ...figure, processorMillis: (used * 1000) / count });
    process.stderr.write(`${what}: ${figure.seconds.toFixed(2)} s\n`);
  };
  const first = await startSimulatorProcess({ ...options, port: await freePort() });
  let client = clientOf(first.announcement);
  const machines = idsOf(await client.call('listVirtualMachines', { listall: 'true' }), 'virtualmachine');
  const create = await createFields(client);
  const ids: string[] = [];
  const createOne = async (index: number) => {
    ids.push(String((await client.run('createVolume', { ...create, name: `bench-${String(index)}` }))['id']));
  };
  const of = <Thing>(things: readonly Thing[], index: number): Thing => {
    const thing = things[index % things.length];
    if (thing === undefined) throw new Error('there is nothing to ask for');
    return thing;
  };
  await timed(`createVolume and its job, ${String(volumes)}`, volumes, inFlight, createOne);
  await timed(`attachVolume and its job, over ${String(vms)} VMs`, volumes, 4 * inFlight, (index) =>
    client.run('attachVolume', { id: of(ids, index), virtualmachineid: of(machines, index) }),
  );
  await timed('createTags and its job', 500, inFlight, (index) =>
    client.run('createTags', {
      resourcetype: 'Volume',
      resourceids: of(ids, index),
      'tags[0].key': 'bench',
      'tags[0].value': String(index % 100),
    }),
  );
  const lists: readonly (readonly [what: string, count: number, fields: (index: number) => Fields])[] = [
    ['by id', 1000, (index) => ({ id: of(ids, index * 7) })],
    ['by name', 1000, (index) => ({ name: `bench-${String((index * 7) % volumes)}` })],
    ['by VM', 1000, (index) => ({ virtualmachineid: of(machines, index) })],
    ['by tag', 200, (index) => ({ 'tags[0].key': 'bench', 'tags[0].value': String(index % 100) })],
    ['a page of 500', 40, (index) => ({ listall: 'true', page: String((index % 4) + 1), pagesize: '500' })],
  ];
  for (const [what, count, fields] of lists) {
    await timed(`listVolumes ${what}, one after another`, count, 1, (index) =>
      client.call('listVolumes', fields(index)),
    );
  }
  await timed('listVolumes by id, side by side', 2000, inFlight, (index) =>
    client.call('listVolumes', { id: of(ids, index * 7) }),
  );
  await timed('createVolume up to 5,000', Math.max(5000 - volumes - machines.length, 0), inFlight, (index) =>
    createOne(volumes + index),
  );
  await timed('listVolumes, 5,000 over pages of 500', 10, 1, (index) =>
    client.call('listVolumes', { listall: 'true', page: String(index + 1), pagesize: '500' }),
  );
  const memory = await residentMib(first.process.processId);
  const counted = (await client.call('listVolumes', { listall: 'true', page: '1', pagesize: '1' }))['count'];
  await first.process.kill();
  const began = performance.now();
  const second = await startSimulatorProcess({ ...options, port: await freePort() });
  client = clientOf(second.announcement);
  const after = (await client.call('listVolumes', { listall: 'true', page: '1', pagesize: '1' }))['count'];
  figures.push({
    what: 'start on that state after SIGKILL, to the first answer',
    seconds: (performance.now() - began) / 1000,
  });
  const memoryAfter = await residentMib(second.process.processId);
  await second.process.stop();
  if (after !== counted) throw new Error(`${String(counted)} volumes before the kill, ${String(after)} after it`);
  process.stderr.write(`resident: ${String(memory)} MiB at the end, ${String(memoryAfter)} MiB after the start\n`);
  return figures;
}

/** Calls with so many underway at once. */
async function time(
  what: string,
  count: number,
  together: number,
  call: (index: number) => Promise<unknown>,
): Promise<Figure> {
  const millis: number[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) {
      const began = performance.now();
      await call(index);
      millis.push(performance.now() - began);
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: Math.min(together, count) }, lane));
  const seconds = (performance.now() - began) / 1000;
  const sorted = millis.sort((a, b) => a - b);
  const at = (part: number): number => sorted[Math.floor(sorted.length * part)] ?? 0;
  return { what, seconds, perSecond: count / seconds, millis: { median: at(0.5), p99: at(0.99) } };
}

function clientOf(announcement: Awaited<ReturnType<typeof startSimulatorProcess>>['announcement']): Client {
  const admin = announcement.accounts.find((account) => account.role === 'admin');
  if (admin === undefined) throw new Error('the simulated world has no admin account');
  return new Client(announcement.endpoint, admin.apiKey, admin.secretKey);
}

async function createFields(client: Client): Promise<Fields> {
  const [zoneid] = idsOf(await client.call('listZones'), 'zone');
  const [diskofferingid] = idsOf(await client.call('listDiskOfferings', { name: 'custom' }), 'diskoffering');
  if (zoneid === undefined || diskofferingid === undefined) throw new Error('the world lacks zone or offering');
  return { zoneid, diskofferingid, size: '1' };
}

function idsOf(content: Content, key: string): string[] {
  return ((content[key] ?? []) as { readonly id: string }[]).map(({ id }) => id);
}

async function residentMib(pid: number): Promise<number> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}

/** User and system time; the kernel counts in hundredths of a second. */
async function processorSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function worldOf(vms: number): WorldFile {
  return {
    name: 'bench',
    zone: { name: 'Z1' },
    template: { name: 'debian-12' },
    diskOfferings: [{ name: 'custom' }],
    serviceOfferings: [{ name: '2c4g', cpus: 2, memoryMib: 4096 }],
    networks: [{ name: 'net', account: 'admin' }],
    accounts: [
      { name: 'admin', role: 'admin' },
      { name: 'someone', role: 'user' },
    ],
    machines: Array.from({ length: vms }, (_, index) => ({
      name: `appliance-${String(index)}`,
      account: 'admin',
      bus: index % 2 === 0 ? ('virtio' as const) : ('virtio-scsi' as const),
    })),
    dataDiskLimits: { KVM: 32 },
    timings: {
      createMs: 0,
      queueMs: 0,
      attachMs: 0,
      detachMs: 0,
      deleteMs: 0,
      powerMs: 0,
      linkDelayMs: [0, 0],
      jobExpireMs: 86_400_000,
    },
  };
}

function report(figures: readonly Figure[]): string {
  const table = new Table({
    head: ['what', 'seconds', 'a second', 'median ms', 'p99 ms', 'processor ms'],
    style: { head: [], border: [] },
  });
  for (const { what, seconds, perSecond, millis, processorMillis } of figures) {
    table.push([
      what,
      seconds.toFixed(2),
      perSecond?.toFixed(0) ?? '',
      millis?.median.toFixed(2) ?? '',
      millis?.p99.toFixed(2) ?? '',
      processorMillis?.toFixed(2) ?? '',
    ]);
  }
  return `${String(cpus().length)} cores, Node ${process.version}.\n${table.toString()}`;
}

void main();
