import { sourceVmPath } from '../domain/names';
import type { ReplicationResult } from '../domain/replication-state';
import { formatBytes } from '../domain/sizes';
import { demoVm, makeDemoSource } from '../stack/demo-source';
import { type QueryAnswer, runJobSheetQueries } from '../stack/job-sheet-queries';
import type { RunningStack } from '../stack/local-stack';
import { startSourceServer } from '../stack/source-server';
import { localSite } from '../stack/state-folder';
import type { CommandContext } from './command-context';
import { contextOnStack, type Demo, type DemoStory, lingerIfAsked, type Say } from './demo-frame';
import { demoRequest } from './demo-request';
import { showLive } from './live-view';
import { withSession } from './session';
import { formatTable } from './tables';

/** pgtest1, a VM with two disks, replicated with real parts and shown as it goes, then the job sheet's two queries. */
export function replicationStory(context: CommandContext): DemoStory {
  return {
    opening: [
      `Diskferry demo: ${demoVm.name}, a VM with disks of 107 GiB and 10 GiB, goes into a simulated CloudStack,`,
      'through a real Temporal server, MariaDB, nbdkit and qemu tools. Everything listens on 127.0.0.1 only.',
    ],
    tell: (stack, demo) =>
      withSources(stack, demo.say, async (request) => {
        const summary = await replicate(context, stack, demo, request);
        await lingerIfAsked(demo, [`npx diskferry status ${demoVm.id} --state ${demo.directory}`]);
        return summary;
      }),
  };
}

type MakeRequest = (overwrite: boolean) => ReturnType<typeof demoRequest>;

/** Makes the disks and serves them as two sources would: one on a Unix socket, one on TCP. */
async function withSources<T>(stack: RunningStack, say: Say, work: (request: MakeRequest) => Promise<T>): Promise<T> {
  const { folder } = stack;
  say(`Making the source: ${demoVm.name}'s disks, with a partition table and an ext4 filesystem each`);
  const [first, second] = await makeDemoSource(folder.path('source'));
  const sources = await Promise.all([
    startSourceServer({
      folder: folder.path('source', 'unix'),
      images: { [first.name]: first.path },
      address: { socket: folder.path('source', 'unix', 'nbd.sock') },
      logFile: folder.logFile(`source ${first.name}`),
    }),
    startSourceServer({
      folder: folder.path('source', 'tcp'),
      images: { [second.name]: second.path },
      address: { port: folder.ports.demoSource },
      logFile: folder.logFile(`source ${second.name}`),
    }),
  ]);
  try {
    const uris = Object.assign({}, ...sources.map((source) => source.uris)) as Record<string, string>;
    for (const { name, sizeBytes } of [first, second])
      say(`  ${name}: ${formatBytes(sizeBytes)} at ${uris[name] ?? ''}`);
    return await work((overwrite) => demoRequest([first, second], uris, { overwrite }));
  } finally {
    for (const source of sources) await source.process.stop();
  }
}

/** What `--json` prints as its last line. */
interface DemoSummary {
  readonly state: ReplicationResult['state'];
  readonly workflowId: string;
  readonly vmId: string;
  readonly disks: ReplicationResult['disks'];
  readonly duplicateDevicePaths: number;
  readonly seconds: { readonly provisioning: number; readonly copying: number; readonly total: number };
}

async function replicate(
  context: CommandContext,
  stack: RunningStack,
  { say, stop }: Demo,
  makeRequest: MakeRequest,
): Promise<DemoSummary> {
  const { started, result } = await withSession(contextOnStack(context, stack), async ({ replications }) => {
    const vm = { site: localSite, sourceId: demoVm.sourceId, sourceVmId: demoVm.id };
    const earlier = await replications.list({ site: vm.site, sourceVmId: vm.sourceVmId, limit: 1 });
    if (earlier.length > 0) say('It was replicated in this folder before: its volumes are written over.');
    const started = await replications.start(makeRequest(earlier.length > 0));
    say(`Replicating ${sourceVmPath(vm)}; ${runLink(stack, started)}`);
    const stream = context.json ? context.io.stderr : context.io.stdout;
    await showLive({ client: replications, vm, stream, signal: stop.signal, intervalMs: 500 }).catch(
      (error: unknown) => {
        // An aborted pause has an error of its own.
        stop.signal.throwIfAborted();
        throw error;
      },
    );
    return { started, result: await replications.result(vm, started.runId) };
  });
  showResult(result, say);
  const { ports, databasePassword } = stack.folder;
  const answers = await runJobSheetQueries({ port: ports.mariadb, password: databasePassword });
  say();
  say('The two queries of the job sheet:');
  for (const answer of [answers.duplicates, answers.mappings]) showAnswer(answer, say);
  return {
    state: result.state,
    workflowId: started.workflowId,
    vmId: result.vmId,
    disks: result.disks,
    duplicateDevicePaths: answers.duplicates.rows.length,
    seconds: secondsOf(result),
  };
}

function runLink(stack: RunningStack, run: { readonly workflowId: string; readonly runId: string }): string {
  const path = `namespaces/default/workflows/${encodeURIComponent(run.workflowId)}/${run.runId}/history`;
  return `see ${stack.temporalUiUrl}/${path}`;
}

function showResult(result: ReplicationResult, say: Say): void {
  const { provisioning, copying, total } = secondsOf(result);
  say();
  say(
    `${demoVm.name} is ${result.state}: provisioned in ${String(provisioning)} s, copied in ${String(copying)} s, ${String(total)} s in all`,
  );
  for (const disk of result.disks) {
    const same = disk.sourceHash !== undefined && disk.sourceHash === disk.targetHash;
    say(
      `  disk ${String(disk.key)} (${formatBytes(disk.sizeBytes)}): ${same ? 'verified, source and volume agree' : 'not verified'}`,
    );
    say(`    device path  ${disk.devicePath ?? 'none'}`);
    say(`    device node  ${disk.deviceNode ?? 'none'}`);
    say(`    hash         ${disk.targetHash ?? 'none'}`);
  }
}

function showAnswer({ query, columns, rows }: QueryAnswer, say: Say): void {
  say(`  ${query}`);
  const table = rows.length === 0 ? '(nothing)' : formatTable(columns, rows, 200);
  for (const line of table.split('\n')) say(`    ${line}`);
}

/** Provisioning is counted to the last open export. */
function secondsOf(result: ReplicationResult): DemoSummary['seconds'] {
  const between = (from: string | undefined, to: string | undefined) =>
    Math.round((Date.parse(to ?? result.endedAt) - Date.parse(from ?? result.startedAt)) / 100) / 10;
  return {
    provisioning: between(result.startedAt, result.exportsOpenAt),
    copying: between(result.exportsOpenAt, result.copiedAt),
    total: between(result.startedAt, result.endedAt),
  };
}
