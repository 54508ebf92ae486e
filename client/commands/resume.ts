import type { CommandContext } from '../command-context';
import { operatorUpdate } from '../operator-update';

/** `diskferry resume VM` */
export async function run(context: CommandContext, vmArgument: string): Promise<void> {
  await operatorUpdate(context, vmArgument, 'goes on', (client, vm) => client.resume(vm));
}
