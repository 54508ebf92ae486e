import { randomUUID } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { commandContext } from '../client/command-context';
import type { ReplicationClient } from '../client/replication-client';
import { withSession } from '../client/session';
import { createCloudStackClient } from '../cloudstack/client';
import { demoWorld } from '../simulator/worlds/demo';
import { type RunningStack, demoApplianceId, startStack } from '../stack/local-stack';
import { ownEnvironment } from '../stack/own-process';
import { startSourceServer } from '../stack/source-server';
import { localSite } from '../stack/state-folder';
import { type BareSite, provisionBare, removeBare } from './bare-provisioning';

/**
 * `npm run bench:provisioning -- [--runs N] [--disks 1,2,6] [--json]`: wall time from the request to all exports open, against a
 * bare script at its best on the same simulator, run in turn (bare, Diskferry, bare, …) after one warm-up of each. Attach and
 * detach take a real server's 1.9 s (reference cloudstack-api §7: 1.3 to 2.1 s), a create job 0.27 s.
 */
const GIB = 1_073_741_824;
const ATTACH_MS = 1_900;
const CREATE_MS = 270;

interface Row {
  readonly disks: number;
  readonly bare: number[];
  readonly diskferry: number[];
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '3' },
      disks: { type: 'string', default: '1,2,6' },
      json: { type: 'boolean', default: false },
    },
  });
  const counts = values.disks.split(',').map(Number);
  const folder = await mkdtemp(join(tmpdir(), 'dfb-'));
  const stack = await startStack({
    stateDirectory: folder,
    synchronous: 'FULL',
    world: {
      ...demoWorld,
      timings: {
        createMs: CREATE_MS,
        queueMs: 0,
        attachMs: ATTACH_MS,
        detachMs: ATTACH_MS,
        deleteMs: 20,
        powerMs: 100,
        linkDelayMs: [20, 150],
        jobExpireMs: 86_400_000,
      },
    },
  });
  try {
    const rows = await withSources(stack, Math.max(...counts), (uris) =>
      measure(stack, counts, Number(values.runs), uris),
    );
    if (values.json) process.stdout.write(`${JSON.stringify(rows)}\n`);
    else process.stdout.write(`${report(rows)}\n`);
  } finally {
    await stack.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function withSources<T>(stack: RunningStack, disks: number, work: (uris: string[]) => Promise<T>): Promise<T> {
  const images: Record<string, string> = {};
  for (let disk = 0; disk < disks; disk += 1) {
    const path = stack.folder.path(`bench-${String(disk)}.raw`);
    const file = await open(path, 'w');
    await file.write(Buffer.alloc(65_536, disk + 1));
    await file.truncate(GIB);
    await file.close();
    images[`bench-${String(disk)}`] = path;
  }
  const source = await startSourceServer({
    folder: stack.folder.path('bench-source'),
    images,
    address: { port: stack.folder.ports.demoSource },
    logFile: stack.folder.logFile('bench source'),
  });
  try {
    return await work(Object.values(source.uris));
  } finally {
    await source.process.stop();
  }
}

async function measure(stack: RunningStack, counts: number[], runs: number, uris: string[]): Promise<Row[]> {
  const { endpoint, accounts } = stack.simulator;
  const admin = accounts.find((account) => account.role === 'admin');
  if (admin === undefined) throw new Error('the simulated world has no admin account');
  const api = createCloudStackClient({ endpoint, ...admin });
  const site = await bareSite(api);
  const context = commandContext(
    { stdout: process.stdout, stderr: process.stderr, env: ownEnvironment(process.env), patienceMs: 10_000 },
    { state: stack.folder.directory },
  );
  try {
    return await withSession(context, async ({ replications }) => {
      await once(replications, uris.slice(0, 1));
      await removeBare(api, await provisionBare(api, site, 1, 'warm-up'));
      const rows: Row[] = [];
      for (const disks of counts) {
        const row: Row = { disks, bare: [], diskferry: [] };
        for (let run = 0; run < runs; run += 1) {
          const began = performance.now();
          const volumes = await provisionBare(api, site, disks, randomUUID().slice(0, 8));
          row.bare.push((performance.now() - began) / 1000);
          await removeBare(api, volumes);
          row.diskferry.push(await once(replications, uris.slice(0, disks)));
          process.stderr.write(`${String(disks)} disk(s), run ${String(run + 1)} of ${String(runs)}\n`);
        }
        rows.push(row);
      }
      return rows;
    });
  } finally {
    await api.close();
  }
}

async function bareSite(api: ReturnType<typeof createCloudStackClient>): Promise<BareSite> {
  const [zone] = await api.listZones({});
  const [offering] = await api.listDiskOfferings({ name: 'replica-custom' });
  if (zone === undefined || offering === undefined) throw new Error('the simulated world lacks zone or offering');
  return { zoneId: zone.id, diskOfferingId: offering.id, applianceId: demoApplianceId };
}

/** Replicates a VM with these disks; seconds from the request to the last open export. Its volumes are gone afterwards. */
async function once(replications: ReplicationClient, uris: readonly string[]): Promise<number> {
  const sourceVmId = randomUUID();
  const vm = { site: localSite, sourceId: 'bench', sourceVmId };
  const requested = Date.now();
  await replications.start({
    schemaVersion: 1,
    site: localSite,
    source: { id: 'bench', vm: sourceVmId, name: 'bench' },
    appliance: demoApplianceId,
    disks: uris.map((uri, index) => ({
      key: 2000 + index,
      ...(index === 0 ? { boot: true } : {}),
      sizeBytes: GIB,
      source: { kind: 'nbd', uri },
    })),
  });
  const result = await replications.result(vm);
  if (result.exportsOpenAt === undefined) throw new Error('the run opened no exports');
  const deleteVolumes = result.disks.flatMap((disk) => (disk.volumeId === undefined ? [] : [disk.volumeId]));
  const released = { ...vm, vmName: 'bench', applianceId: demoApplianceId };
  const { runId } = await replications.release(released, { deleteVolumes });
  await replications.releaseResult(vm, runId);
  return (Date.parse(result.exportsOpenAt) - requested) / 1000;
}

function report(rows: readonly Row[]): string {
  const table = new Table({
    head: ['disks', 'bare script', 'Diskferry', 'ratio of medians', 'best ratio', 'worst ratio'],
    style: { head: [], border: [] },
  });
  for (const { disks, bare, diskferry } of rows) {
    const ratios = diskferry.map((seconds, index) => seconds / (bare[index] ?? Number.NaN));
    table.push([
      disks,
      spread(bare),
      spread(diskferry),
      (median(diskferry) / median(bare)).toFixed(2),
      Math.min(...ratios).toFixed(2),
      Math.max(...ratios).toFixed(2),
    ]);
  }
  return `Request to all exports open, seconds: median (min to max). ${String(cpus().length)} cores, Node ${process.version}.\n${table.toString()}`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function spread(values: readonly number[]): string {
  return `${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)})`;
}

void main();
