import { sourceVmPath } from '../../domain/names';
import type { CommandContext } from '../command-context';
import { withSession } from '../session';
import { formatTable } from '../tables';

/** `diskferry failover list` */
export async function run(context: CommandContext, options: { site?: string; limit: number }): Promise<void> {
  await withSession(context, async ({ failovers }) => {
    const runs = await failovers.list({
      limit: options.limit,
      ...(options.site !== undefined && { site: options.site }),
    });
    context.printJson({ failovers: runs });
    if (runs.length === 0) {
      context.print('No failovers yet. Try one: diskferry failover test VM --dry-run');
      return;
    }
    const rows = runs.map((run) => [
      run.kind,
      run.phase,
      run.startedAt.slice(0, 19).replace('T', ' '),
      run.failoverVmName ?? '',
      run.vmName,
      sourceVmPath(run),
    ]);
    // The VM's whole name must not be cut: it is what other commands take.
    context.print(formatTable(['KIND', 'PHASE', 'STARTED (UTC)', 'FAILOVER VM', 'NAME', 'VM'], rows, 1000));
  });
}
