import type { RecoveryPoint } from '../database/recovery-points';
import { prunePointsInputSchema } from '../domain/failover-io';
import { DiskferryFailure } from '../domain/failures';
import { sourceVmPath } from '../domain/names';
import type { VmRef } from '../domain/step-io';
import { unverifiedDisks } from '../domain/verified';
import { activity } from './activity';
import type { ActivityRun } from './activity-run';
import { leftPoints, pointsToPrune } from './judge-points';
import { closeIfEmpty, removeOfPoint } from './point-snapshots';
import type { PointWork } from './point-work';
import type { FailoverSiteActivities } from './queues';

/**
 * prunePoints: removes recovery points beyond those that the site keeps, oldest first, and finishes those that were left half taken
 * or half removed. A snapshot that CloudStack does not delete fails nothing: it is named, and the next run tries again. Asked for all,
 * it removes all but those of a test, unless the VM has a volume.
 */
export function makePrunePoints(work: PointWork): FailoverSiteActivities['prunePoints'] {
  return activity(
    'prunePoints',
    work.run,
    prunePointsInputSchema,
    (vm) => vm,
    async (vm, run) => {
      const points = await work.points.ofVm(vm);
      const disks = await work.disks.ofVm(vm);
      const volumes = await work.volumes.ofVm(vm);
      const unverified = unverifiedDisks(disks, volumes);
      const isVerified = disks.length > 0 && unverified.length === 0;
      const removed: string[] = [];
      const left: string[] = [];
      if (vm.which === 'all' && volumes.length > 0) {
        const ids = volumes.map(({ volumeId }) => volumeId).join(', ');
        return { removed, left: [`The recovery points of VM ${sourceVmPath(vm)} stay: it has volumes (${ids})`] };
      }
      const counting = {
        left: () => [],
        all: () => pointsToPrune(points, 0, true),
        beyond: () => pointsToPrune(points, work.settings.recoveryPoints, isVerified),
      }[vm.which ?? 'beyond']();
      for (const point of [...leftPoints(points, vm.firstRunId), ...counting]) {
        const failures = await removePoint(work, run, vm, point);
        if (failures.length === 0) removed.push(point.id);
        left.push(...failures);
      }
      return { removed, left };
    },
  );
}

/** @returns what could not be removed, in words */
async function removePoint(
  work: PointWork,
  run: ActivityRun,
  vm: VmRef,
  point: RecoveryPoint,
): Promise<readonly string[]> {
  const left: string[] = [];
  for (const { diskKey, goneAt } of point.snapshots) {
    if (goneAt !== undefined) continue;
    try {
      await removeOfPoint(work, run, { ...vm, attempt: 1, diskKey }, 'prunePoints', point);
    } catch (error) {
      // What nobody answered is tried again by the server; only what CloudStack did not do is left.
      if (!(error instanceof DiskferryFailure) || error.failureClass !== 'failed') throw error;
      left.push(error.message);
    }
  }
  if (left.length === 0) await closeIfEmpty(work, run, { ...vm, attempt: 1, diskKey: 0 }, 'prunePoints', point.id);
  return left;
}
