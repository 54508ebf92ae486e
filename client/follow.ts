import type { SourceVmKey } from '../domain/names';
import type { CommandContext, TextStream } from './command-context';
import { showLive } from './live-view';
import type { ReplicationClient } from './replication-client';
import type { ReplicationStatus } from './replication-status';

/** Shows a run live until it ends; with `--json` one object per change instead. */
export async function follow(
  context: CommandContext,
  client: Pick<ReplicationClient, 'status'>,
  vm: SourceVmKey,
): Promise<ReplicationStatus> {
  if (!context.json) return await showLive({ client, vm, stream: context.io.stdout });
  let last = '';
  return await showLive({
    client,
    vm,
    stream: nowhere,
    onStatus: (status) => {
      const text = JSON.stringify(status);
      if (text !== last) context.printJson(status);
      last = text;
    },
  });
}

const nowhere: TextStream = { write: () => true };
