import type { CommandContext } from '../command-context';
import { follow } from '../follow';
import { withSession } from '../session';

/** `diskferry watch VM`: with `--json` one object per change, the last of them the final status. */
export async function run(context: CommandContext, vmArgument: string): Promise<void> {
  await withSession(context, async ({ replications, findVm }) => {
    await follow(context, replications, await findVm(vmArgument));
  });
}
