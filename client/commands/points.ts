import type { RecoveryPoint } from '../../database/recovery-points';
import { sourceVmPath } from '../../domain/names';
import { formatBytes } from '../../domain/sizes';
import type { CommandContext } from '../command-context';
import { isVerified, pointBytes } from '../point-words';
import { withSession } from '../session';
import { formatTable } from '../tables';

/** `diskferry points [VM]` */
export async function run(context: CommandContext, vmArgument: string | undefined): Promise<void> {
  await withSession(context, async ({ failovers, findVm }) => {
    const points = await failovers.points(vmArgument === undefined ? undefined : await findVm(vmArgument));
    context.printJson({ points: points.map((point) => ({ ...point, sizeBytes: pointBytes(point) })) });
    if (points.length === 0) {
      context.print('No recovery points. One is taken before a replication writes over verified replicas.');
      return;
    }
    context.print(pointsTable(points, vmArgument === undefined));
  });
}

/** Points as a table; with the VM of each where there may be several. */
export function pointsTable(points: readonly RecoveryPoint[], withVm: boolean): string {
  const head = ['POINT', 'TAKEN (UTC)', 'FOR', 'STATE', 'DISKS', 'SIZE', 'VERIFIED', ...(withVm ? ['VM'] : [])];
  const rows = points.map((point) => [
    point.id,
    (point.completedAt ?? point.createdAt).slice(0, 19).replace('T', ' '),
    point.purpose,
    point.state,
    String(point.snapshots.length),
    formatBytes(pointBytes(point)),
    isVerified(point) ? 'yes' : 'no',
    ...(withVm ? [sourceVmPath(point)] : []),
  ]);
  // Ids and VMs must not be cut: they are what other commands take.
  return formatTable(head, rows, 1000);
}
