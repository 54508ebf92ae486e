import type { CommandContext } from '../command-context';
import { ProgressMeter } from '../disk-progress';
import { withSession } from '../session';
import { statusLines } from '../status-text';

/** `diskferry status VM` */
export async function run(context: CommandContext, vmArgument: string): Promise<void> {
  await withSession(context, async (session) => {
    const status = await session.replications.status(await session.findVm(vmArgument));
    const now = Date.now();
    for (const line of statusLines(status, new ProgressMeter().measure(status, now), now)) context.print(line);
    context.printJson(status);
  });
}
