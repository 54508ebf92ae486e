import { sourceVmPath } from '../../domain/names';
import type { CommandContext } from '../command-context';
import { withSession } from '../session';
import { withProgress } from '../with-progress';

/** `diskferry retry VM` */
export async function run(context: CommandContext, vmArgument: string): Promise<void> {
  await withSession(context, async ({ replications, findVm }) => {
    const vm = await findVm(vmArgument);
    const path = sourceVmPath(vm);
    const asked = replications.retry(vm);
    const started = await withProgress(context, `waiting for the run of ${path} to take it`, asked);
    if (started === undefined) {
      context.print(`${path}: tries again now`);
      context.printJson({ vm: path, accepted: true });
      return;
    }
    context.print(
      `${path}: its last run had failed; started anew (request ${started.requestId}, run ${started.runId})`,
    );
    context.print(`Follow it: diskferry watch ${path}`);
    context.printJson({ ...started, vm: path });
  });
}
