import { failure } from '../../domain/failures';
import type { CommandContext } from '../command-context';
import { failoverStatusLines } from '../failover-status-text';
import { groupLines } from '../group-view';
import { withSession } from '../session';

/** `diskferry failover status VM`, or of a group. */
export async function run(
  context: CommandContext,
  vmArgument: string | undefined,
  options: { group?: string },
): Promise<void> {
  const { group } = options;
  if ((vmArgument === undefined) === (group === undefined)) {
    throw failure('usage', { problem: 'Name either a VM or a --group', command: 'diskferry failover status' });
  }
  await withSession(context, async ({ failovers, findVm }) => {
    if (group !== undefined) {
      const state = await failovers.groups.state(group);
      for (const line of groupLines(state)) context.print(line);
      context.printJson(state);
      return;
    }
    const status = await failovers.status(await findVm(vmArgument ?? ''));
    for (const line of failoverStatusLines(status, Date.now())) context.print(line);
    context.printJson(status);
  });
}
