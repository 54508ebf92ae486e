import { failure } from '../../domain/failures';
import type { CommandContext } from '../command-context';
import { withSession } from '../session';
import { withProgress } from '../with-progress';
import { run as tell } from './failover-tell';

/** `diskferry failover cancel VM`, or of a group. */
export async function run(
  context: CommandContext,
  vmArgument: string | undefined,
  { group }: { group?: string },
): Promise<void> {
  if (vmArgument !== undefined && group === undefined) {
    await tell(context, 'cancel', vmArgument);
    return;
  }
  if (group === undefined || vmArgument !== undefined) {
    throw failure('usage', { problem: 'Name either a VM or a --group', command: 'diskferry failover cancel' });
  }
  await withSession(context, async ({ failovers }) => {
    await withProgress(context, `waiting for group ${group} to take it`, failovers.groups.cancel(group));
    context.print(`group ${group}: being taken back; see it: diskferry failover status --group ${group}`);
    context.printJson({ group, accepted: true });
  });
}
