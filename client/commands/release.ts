import { sourceVmPath } from '../../domain/names';
import type { CommandContext } from '../command-context';
import { lastRunOf } from '../find-vm';
import { withSession } from '../session';
import { withProgress } from '../with-progress';

/** `diskferry release VM`: waits for its end unless told not to, and names what stays. */
export async function run(
  context: CommandContext,
  vmArgument: string,
  options: { deleteVolumes?: readonly string[]; deletePoints?: boolean; wait: boolean },
): Promise<void> {
  await withSession(context, async ({ replications, temporal, records, findVm }) => {
    const vm = await lastRunOf(temporal.client, records, vmArgument, await findVm(vmArgument));
    const path = sourceVmPath(vm);
    const { deleteVolumes = [], deletePoints = false } = options;
    const { runId } = await replications.release(vm, { deleteVolumes, deletePoints });
    if (!options.wait) {
      context.print(`${path}: release has begun; follow it: diskferry watch ${vmArgument}`);
      context.printJson({ vm: path, runId });
      return;
    }
    const result = await withProgress(context, `releasing ${path}`, replications.releaseResult(vm, runId));
    context.print(`${path}: ${result.state}`);
    for (const disk of result.disks) {
      context.print(`  disk ${String(disk.key)}: volume ${disk.volumeId} ${disk.deleted ? 'deleted' : 'detached'}`);
    }
    for (const kept of result.kept) context.print(`  kept: ${kept}`);
    context.printJson({ vm: path, runId, ...result });
  });
}
