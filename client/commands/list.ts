import type { CommandContext } from '../command-context';
import { withSession } from '../session';
import { formatTable } from '../tables';

/** `diskferry list` */
export async function run(context: CommandContext, options: { site?: string; limit: number }): Promise<void> {
  await withSession(context, async ({ replications }) => {
    const runs = await replications.list({
      limit: options.limit,
      ...(options.site !== undefined && { site: options.site }),
    });
    context.printJson({ replications: runs });
    if (runs.length === 0) {
      context.print('No replications yet. Start one: diskferry replicate REQUEST.json');
      return;
    }
    const rows = runs.map((run) => [
      run.phase,
      run.startedAt.slice(0, 19).replace('T', ' '),
      run.vmName ?? '',
      `${run.site}/${run.sourceId}/${run.sourceVmId}`,
    ]);
    context.print(formatTable(['PHASE', 'STARTED (UTC)', 'NAME', 'VM'], rows, wide(rows)));
  });
}

/** The VM's whole name must not be cut: it is what other commands take. */
function wide(rows: readonly (readonly string[])[]): number {
  return Math.max(80, ...rows.map((row) => row.reduce((sum, cell) => sum + cell.length + 2, 40)));
}
