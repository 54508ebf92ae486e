import type { FailoverResult } from '../domain/failover-state';
import { sourceVmPath, type SourceVmKey } from '../domain/names';
import type { CommandContext, TextStream } from './command-context';
import type { FailoverClient } from './failover-client';
import { failoverHasEnded, phaseOf, showFailoverLive } from './failover-live-view';
import type { FailoverStatus } from './failover-status';
import { deviceWords } from './failover-status-text';
import type { StartedFailover } from './start-failover';

const outcomeWords: Readonly<Record<StartedFailover['outcome'], string>> = {
  started: 'started',
  running: 'this request is at work already',
  ended: 'this request has had its run',
};

/** Says that a run has begun and, unless told not to, shows it until it is where it was meant to get. */
export async function followFailover(
  context: CommandContext,
  failovers: FailoverClient,
  started: StartedFailover,
  wait: boolean,
): Promise<void> {
  const path = sourceVmPath(started.vm);
  context.print(`${path}: ${outcomeWords[started.outcome]} (request ${started.requestId}, run ${started.runId})`);
  if (!wait && started.outcome !== 'ended') {
    context.print(`Follow it: diskferry failover watch ${path}`);
    context.printJson({ ...started, vm: path });
    return;
  }
  if (started.outcome !== 'ended') {
    const last = await showFailoverLive({
      status: () => failovers.status(started.vm),
      stream: context.json ? context.io.stderr : context.io.stdout,
      until: sandboxIsUp,
    });
    if (!failoverHasEnded(last)) {
      context.printJson({ ...started, ...last, vm: path });
      return;
    }
  }
  showResult(context, started, await failovers.result(started.vm, started));
}

/** Shows a VM's run live until it ends; with `--json` one object per change instead. */
export async function watchFailover(
  context: CommandContext,
  failovers: FailoverClient,
  vm: SourceVmKey,
): Promise<FailoverStatus> {
  let last = '';
  return await showFailoverLive({
    status: () => failovers.status(vm),
    stream: context.json ? nowhere : context.io.stdout,
    onStatus: (status) => {
      const text = JSON.stringify(status);
      if (text !== last) context.printJson(status);
      last = text;
    },
  });
}

const nowhere: TextStream = { write: () => true };

/** A test lives on until its lease ends: whoever started it has what it wanted before that. */
function sandboxIsUp(status: FailoverStatus): boolean {
  return phaseOf(status) === 'running';
}

function showResult(context: CommandContext, started: StartedFailover, result: FailoverResult): void {
  const path = sourceVmPath(started.vm);
  context.print(`${path}: ${result.state}`);
  for (const { key, devicePath, deviceId } of result.disks) {
    if (devicePath === undefined) continue;
    context.print(
      `  disk ${String(key)}: ${devicePath}${deviceId === undefined ? '' : ` as ${deviceWords(deviceId)}`}`,
    );
  }
  if (result.pointId !== undefined) context.print(`  recovery point ${result.pointId}`);
  for (const kept of result.kept) context.print(`  kept: ${kept}`);
  if (result.state === 'failed_over') context.print(`Go back: diskferry failover back ${path}`);
  const { workflowId, runId, requestId, outcome } = started;
  context.printJson({ outcome, workflowId, runId, requestId, vm: path, ...result });
}
