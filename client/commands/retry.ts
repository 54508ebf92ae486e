import type { CommandContext } from '../command-context';
import { operatorUpdate } from '../operator-update';

/** `diskferry retry VM` */
export async function run(context: CommandContext, vmArgument: string): Promise<void> {
  await operatorUpdate(context, vmArgument, 'tries again now', (client, vm) => client.retryNow(vm));
}
