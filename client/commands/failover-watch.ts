import type { CommandContext } from '../command-context';
import { watchFailover } from '../follow-failover';
import { withSession } from '../session';

/** `diskferry failover watch VM`: with `--json` one object per change, the last of them the final status. */
export async function run(context: CommandContext, vmArgument: string): Promise<void> {
  await withSession(context, async ({ failovers, findVm }) => {
    await watchFailover(context, failovers, await findVm(vmArgument));
  });
}
