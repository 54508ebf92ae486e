import type { CommandContext } from '../command-context';
import { operatorUpdate } from '../operator-update';

/** `diskferry abandon VM` */
export async function run(context: CommandContext, vmArgument: string): Promise<void> {
  await operatorUpdate(context, vmArgument, 'abandoned; what is left stays recorded', (client, vm) =>
    client.abandonLeftovers(vm),
  );
}
