import { sourceVmPath } from '../../domain/names';
import type { CommandContext } from '../command-context';
import { withSession } from '../session';
import { withProgress } from '../with-progress';

/** `diskferry cancel VM`: returns when the wish is accepted; with `--wait` at the run's end, naming what was kept. */
export async function run(
  context: CommandContext,
  vmArgument: string,
  options: { keepVolumes?: boolean; wait?: boolean },
): Promise<void> {
  await withSession(context, async ({ replications, findVm }) => {
    const vm = await findVm(vmArgument);
    const path = sourceVmPath(vm);
    const { keepVolumes = false } = options;
    await withProgress(context, `waiting for the run of ${path} to take it`, replications.cancel(vm, { keepVolumes }));
    if (options.wait !== true) {
      context.print(`${path}: stopping; see what it keeps: diskferry watch ${vmArgument}`);
      context.printJson({ vm: path, accepted: true });
      return;
    }
    context.print(`${path}: stopping`);
    const result = await withProgress(context, `${path} is stopping`, replications.result(vm));
    context.print(`${path}: ${result.state}`);
    for (const kept of result.kept) context.print(`  kept: ${kept}`);
    context.printJson({ vm: path, ...result });
  });
}
