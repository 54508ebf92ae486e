import type { CommandContext } from '../command-context';
import { operatorUpdate } from '../operator-update';

/** `diskferry pause VM` */
export async function run(context: CommandContext, vmArgument: string): Promise<void> {
  await operatorUpdate(context, vmArgument, `paused; go on with: diskferry resume ${vmArgument}`, (client, vm) =>
    client.pause(vm),
  );
}
