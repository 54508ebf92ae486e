import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pLimit from 'p-limit';
import { runCli } from '../client/cli';
import { openDatabase } from '../database/open';
import { devicePath } from '../domain/device-path';
import { byIdLinkNames, replicationWorkflowId, sourceVmPath, volumeName, volumeTagKeys } from '../domain/names';
import { demoApplianceId, type RunningStack, startStack } from '../stack/local-stack';
import { ownEnvironment } from '../stack/own-process';
import { localSite } from '../stack/state-folder';
import { loadConfiguration } from '../worker/config';
import { databaseAccess } from '../worker/secrets';
import { openSite, type SiteAccess } from '../worker/site-access';

/**
 * `npm run bench:doctor -- [--volumes N] [--runs N]`: how long `diskferry doctor` takes on a site with so many volumes (2,000), each
 * recorded and tagged, ten of a VM, thirty of them attached and mapped: real MariaDB, Temporal, worker and HTTP, simulated CloudStack.
 */
const GIB = 1_073_741_824;
const DISKS_PER_VM = 10;
const ATTACHED = 30;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { volumes: { type: 'string', default: '2000' }, runs: { type: 'string', default: '3' } },
  });
  const folder = await mkdtemp(join(tmpdir(), 'dfb-'));
  const stack = await startStack({ stateDirectory: folder, synchronous: 'NORMAL' });
  try {
    const configuration = await loadConfiguration(stack.folder.configurationFile);
    const site = configuration.sites.get(localSite);
    if (site === undefined) throw new Error('the stack has no site');
    const access = await openSite(configuration, { ...site, requestsPerSecond: 1000 });
    try {
      const volumes = await makeVolumes(access, Number(values.volumes));
      await record(await databaseAccess(configuration), volumes);
    } finally {
      await access.api.close();
    }
    const seconds: number[] = [];
    for (let run = 0; run < Number(values.runs); run += 1) seconds.push(await look(stack));
    const sorted = [...seconds].sort((a, b) => a - b).map((each) => each.toFixed(2));
    process.stdout.write(
      `doctor, ${values.volumes} volumes: ${sorted.join(', ')} s. ${String(cpus().length)} cores, Node ${process.version}.\n`,
    );
  } finally {
    await stack.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

interface MadeVolume {
  readonly id: string;
  readonly name: string;
  readonly sourceVmId: string;
  readonly diskKey: number;
  readonly attached: boolean;
}

async function makeVolumes({ api }: SiteAccess, count: number): Promise<readonly MadeVolume[]> {
  const [zone] = await api.listZones({});
  const [offering] = await api.listDiskOfferings({ name: 'replica-custom' });
  if (zone === undefined || offering === undefined) throw new Error('the simulated world lacks zone or offering');
  const vms = Array.from({ length: Math.ceil(count / DISKS_PER_VM) }, () => randomUUID());
  const limit = pLimit(16);
  return await Promise.all(
    Array.from({ length: count }, (_, index) =>
      limit(async () => {
        const sourceVmId = vms[Math.floor(index / DISKS_PER_VM)] ?? randomUUID();
        const diskKey = 2000 + (index % DISKS_PER_VM);
        const vm = { site: localSite, sourceId: 'bench', sourceVmId };
        const name = volumeName('bench', diskKey, randomUUID());
        const made = await api.createVolume({ name, zoneId: zone.id, diskOfferingId: offering.id, sizeGib: 1 });
        await api.waitForJob(made.jobId);
        const tags = {
          [volumeTagKeys.owner]: replicationWorkflowId(vm),
          [volumeTagKeys.vm]: sourceVmPath(vm),
          [volumeTagKeys.disk]: String(diskKey),
        };
        const tagged = await api.createTags({ resourceType: 'Volume', resourceIds: [made.id], tags });
        await api.waitForJob(tagged.jobId);
        const attached = index < ATTACHED;
        if (attached) {
          const { jobId } = await api.attachVolume({ id: made.id, virtualMachineId: demoApplianceId });
          await api.waitForJob(jobId);
        }
        return { id: made.id, name, sourceVmId, diskKey, attached };
      }),
    ),
  );
}

async function record(
  { url, password }: { readonly url: string; readonly password?: string },
  volumes: readonly MadeVolume[],
): Promise<void> {
  const {
    database,
    volumes: rows,
    disks,
    mappings,
  } = openDatabase({ url, ...(password !== undefined && { password }) });
  try {
    await database.transaction(async (tx) => {
      for (const { id: volumeId, name, sourceVmId, diskKey, attached } of volumes) {
        const vm = { site: localSite, sourceId: 'bench', sourceVmId };
        const owner = replicationWorkflowId(vm);
        const made = { createdByWorkflowId: owner, createdByFirstRunId: sourceVmId };
        await rows.findAgain(tx, { ...vm, ...made, volumeId, volumeName: name, diskKey, sizeBytes: GIB });
        await rows.setVerified(tx, volumeId, 'sha256-1GiB:bench');
        await disks.set(tx, { ...vm, diskKey, volumeId, boot: diskKey === 2000 });
        if (!attached) continue;
        await mappings.map(tx, {
          devicePath: devicePath(demoApplianceId, volumeId),
          vmId: demoApplianceId,
          volumeId,
          deviceNode: `/dev/disk/by-id/${byIdLinkNames(volumeId)[0] ?? ''}`,
          cloudStackDeviceId: 1,
          role: 'replica',
          sizeBytes: GIB,
          ownerWorkflowId: owner,
          mappedByFirstRunId: sourceVmId,
        });
      }
    });
  } finally {
    await database.close();
  }
}

/** Seconds of one `diskferry doctor`, in this process. */
async function look(stack: RunningStack): Promise<number> {
  let text = '';
  const began = performance.now();
  const exitCode = await runCli(['doctor', '--state', stack.folder.directory], {
    stdout: { write: (part: string) => ((text += part), true) },
    stderr: process.stderr,
    env: ownEnvironment(process.env),
    patienceMs: 10_000,
  });
  const seconds = (performance.now() - began) / 1000;
  process.stderr.write(
    `exit code ${String(exitCode)}: ${text.split('\n')[0] ?? ''}; ${text.trimEnd().split('\n').at(-1) ?? ''}\n`,
  );
  return seconds;
}

void main();
