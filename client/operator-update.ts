import { sourceVmPath, type SourceVmKey } from '../domain/names';
import type { CommandContext } from './command-context';
import type { ReplicationClient } from './replication-client';
import { withSession } from './session';
import { withProgress } from './with-progress';

/** Runs one of the commands that only tell a run something, and says that it was taken. */
export async function operatorUpdate(
  context: CommandContext,
  vmArgument: string,
  accepted: string,
  send: (client: ReplicationClient, vm: SourceVmKey) => Promise<void>,
): Promise<void> {
  await withSession(context, async ({ replications, findVm }) => {
    const vm = await findVm(vmArgument);
    const path = sourceVmPath(vm);
    await withProgress(context, `waiting for the run of ${path} to take it`, send(replications, vm));
    context.print(`${path}: ${accepted}`);
    context.printJson({ vm: path, accepted: true });
  });
}
