import { sourceVmPath } from '../../domain/names';
import { formatBytes } from '../../domain/sizes';
import type { CommandContext } from '../command-context';
import { showLive } from '../live-view';
import { planFor, planLines } from '../replication-plan';
import { readRequestFile } from '../request-file';
import { withSession, type Session } from '../session';
import type { StartedReplication } from '../start-replication';
import { withProgress } from '../with-progress';

/** `diskferry replicate REQUEST.json [--wait] [--dry-run]` */
export async function run(
  context: CommandContext,
  requestFile: string,
  options: { wait?: boolean; dryRun?: boolean },
): Promise<void> {
  const request = await readRequestFile(requestFile);
  await withSession(context, async (session) => {
    const { replications } = session;
    if (options.dryRun === true) {
      const asked = replications.plan(request);
      const plan = planFor(request, await withProgress(context, 'waiting for the preflight', asked));
      for (const line of planLines(plan)) context.print(line);
      context.printJson({ plan });
      return;
    }
    const started = await replications.start(request);
    const path = sourceVmPath(started.vm);
    context.print(`${path}: ${outcomeWords[started.outcome]} (request ${started.requestId}, run ${started.runId})`);
    if (options.wait === true || started.outcome === 'ended') await waitForEnd(context, session, started);
    else {
      context.print(`Follow it: diskferry watch ${path}`);
      context.printJson({ ...started, vm: path });
    }
  });
}

const outcomeWords: Readonly<Record<StartedReplication['outcome'], string>> = {
  started: 'started',
  running: 'this request is at work already',
  ended: 'this request has had its run',
};

/** Shows the run, and its result. Throws the failure with which it ended. */
async function waitForEnd(context: CommandContext, session: Session, started: StartedReplication): Promise<void> {
  const { replications } = session;
  if (started.outcome !== 'ended') {
    const stream = context.json ? context.io.stderr : context.io.stdout;
    await showLive({ client: replications, vm: started.vm, stream });
  }
  const result = await replications.result(started.vm, started.runId);
  context.print(`${sourceVmPath(started.vm)}: ${result.state}`);
  for (const disk of result.disks) {
    context.print(`  disk ${String(disk.key)}: ${disk.devicePath ?? 'not mapped'} (${formatBytes(disk.sizeBytes)})`);
    if (disk.targetHash !== undefined) context.print(`    ${disk.targetHash}`);
  }
  for (const kept of result.kept) context.print(`  kept: ${kept}`);
  const { workflowId, runId, requestId, outcome } = started;
  context.printJson({ outcome, workflowId, runId, requestId, ...result });
}
