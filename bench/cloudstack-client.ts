import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import type { CloudStackApi } from '../cloudstack/api';
import { createCloudStackClient } from '../cloudstack/client';
import { signedForm } from '../cloudstack/sign';
import { freePort } from '../stack/free-port';
import { startSimulatorProcess } from '../stack/simulator-process';

/**
 * `npm run bench:client -- [--calls N] [--json]`: what the CloudStack client does in a second against the simulator in a process
 * of its own, and what signing and reading cost it. Calls that wait for the simulator say more of that; the processor time is the
 * client's own.
 */
interface Figure {
  readonly what: string;
  readonly calls: number;
  readonly perSecond: number;
  /** this process's own, microseconds a call */
  readonly processorMicros: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { calls: { type: 'string', default: '2000' }, json: { type: 'boolean', default: false } },
  });
  const calls = Number(values.calls);
  const folder = await mkdtemp(join(tmpdir(), 'diskferry-bench-'));
  const { process: simulator, announcement } = await startSimulatorProcess({
    port: await freePort(),
    stateDirectory: join(folder, 'state'),
    world: 'demo',
    logFile: join(folder, 'simulator.log'),
  });
  try {
    const admin = announcement.accounts.find(({ role }) => role === 'admin');
    if (admin === undefined) throw new Error('the simulated world has no admin account');
    const { apiKey, secretKey } = admin;
    const client = createCloudStackClient({ endpoint: announcement.endpoint, apiKey, secretKey });
    const figures = [await signing(calls * 10, secretKey), ...(await asking(client, calls))];
    await client.close();
    process.stdout.write(values.json ? `${JSON.stringify(figures)}\n` : `${report(figures)}\n`);
  } finally {
    await simulator.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function signing(calls: number, secretKey: string): Promise<Figure> {
  const parameters = {
    ...{ command: 'createVolume', apikey: 'x'.repeat(86), response: 'json', signatureversion: '3' },
    ...{ expires: '2030-01-01T00:00:00+0000', name: "disk ~*!'() é€", size: '107', zoneid: 'z'.repeat(36) },
  };
  return await time('encode and sign a createVolume', calls, 1, () => {
    signedForm(parameters, secretKey);
    return Promise.resolve();
  });
}

async function asking(client: CloudStackApi, calls: number): Promise<Figure[]> {
  const [zone] = await client.listZones({});
  const [offering] = (await client.listDiskOfferings({})).filter(({ iscustomized }) => iscustomized);
  if (zone === undefined || offering === undefined) throw new Error('the world lacks a zone or a custom disk offering');
  const volume = { zoneId: zone.id, diskOfferingId: offering.id, sizeGib: 1 };
  const ids: string[] = [];
  const make = async (index: number) => {
    ids.push((await client.createVolume({ ...volume, name: `bench-${String(index)}` })).id);
  };
  const byId = (index: number) => client.listVolumes({ id: ids[index % ids.length] ?? '' });
  return [
    await time('createVolume, eight at once', 1_500, 8, make),
    await time('listVolumes by id, one after another', calls, 1, byId),
    await time('listVolumes by id, eight at once', calls, 8, byId),
    await time('listVolumes, 1,500 over pages of 500', 20, 1, () => client.listVolumes({ listAll: true })),
  ];
}

/** Calls with so many underway at once, by wall clock and by this process's processor time. */
async function time(
  what: string,
  calls: number,
  together: number,
  call: (index: number) => Promise<unknown>,
): Promise<Figure> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < calls; index = next++) await call(index);
  };
  const before = process.cpuUsage();
  const began = performance.now();
  await Promise.all(Array.from({ length: together }, lane));
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(before);
  return { what, calls, perSecond: calls / seconds, processorMicros: (user + system) / calls };
}

function report(figures: readonly Figure[]): string {
  const table = new Table({ head: ['what', 'calls', 'a second', 'processor µs'], style: { head: [], border: [] } });
  for (const { what, calls, perSecond, processorMicros } of figures) {
    table.push([what, String(calls), perSecond.toFixed(0), processorMicros.toFixed(1)]);
  }
  return `${String(cpus().length)} cores, Node ${process.version}.\n${table.toString()}`;
}

void main();
