import type { CommandContext } from '../command-context';
import { runDemo } from '../demo-frame';
import { failoverStory } from '../failover-demo/story';
import { replicationStory } from '../replication-demo';

/** `diskferry demo`, and with `--failover` recovery points and failovers from one end to the other. */
export async function run(context: CommandContext, options: { keep: boolean; failover: boolean }): Promise<void> {
  await runDemo(context, options, options.failover ? failoverStory(context) : replicationStory(context));
}
