import { runWorker } from '../../worker/main';
import { requireConfigurationFile, type CommandContext } from '../command-context';
import { ownVersion } from '../own-version';

/** `diskferry worker`: until SIGINT or SIGTERM. */
export async function run(context: CommandContext, options: { queues?: readonly string[] }): Promise<void> {
  await runWorker({
    configurationFile: requireConfigurationFile(context),
    environment: context.env,
    version: ownVersion(),
    ...(options.queues !== undefined && { queues: options.queues }),
  });
}
