import type { Database } from '../database/database';
import type { VmDisks } from '../database/vm-disks';
import type { Volumes } from '../database/volumes';
import { type CommitRevertInput, commitRevertInputSchema } from '../domain/failover-io';
import { sourceVmPath } from '../domain/names';
import { activity } from './activity';
import type { CurrentRun } from './activity-run';
import type { Effect } from './effect';
import { fenceOf } from './fence-of';
import type { FailoverMainActivities } from './queues';

/** What commitRevert needs. */
export interface RevertWork {
  readonly database: Pick<Database, 'fenced'>;
  readonly disks: VmDisks;
  readonly volumes: Volumes;
  readonly effect: Effect;
  readonly run: CurrentRun;
}

/**
 * commitRevert: the volumes made from the recovery point stand for the VM's disks, with the point's verified hashes; the former ones
 * are kept, named with the reason. One transaction: the VM never has disks of two times.
 *
 * The new volumes hold data from here on (copy_begun): whatever undo comes later, nothing deletes them.
 */
export function makeCommitRevert(work: RevertWork): FailoverMainActivities['commitRevert'] {
  return activity(
    'commitRevert',
    work.run,
    commitRevertInputSchema,
    (vm) => vm,
    async (vm, run) => {
      const backing = new Map<number, string>();
      for (const { diskKey, backingUuid } of await work.disks.ofVm(vm)) {
        if (backingUuid !== undefined) backing.set(diskKey, backingUuid);
      }
      await work.effect('commitRevert.record', () =>
        work.database.fenced(fenceOf(vm, run), async (tx) => {
          for (const { diskKey, boot, oldVolumeId, newVolumeId, hash } of vm.disks) {
            const backingUuid = backing.get(diskKey);
            await work.disks.set(tx, {
              site: vm.site,
              sourceId: vm.sourceId,
              sourceVmId: vm.sourceVmId,
              diskKey,
              volumeId: newVolumeId,
              boot,
              ...(backingUuid === undefined ? {} : { backingUuid }),
            });
            await work.volumes.beginCopy(tx, newVolumeId);
            await work.volumes.setVerified(tx, newVolumeId, hash);
            await work.volumes.keep(tx, oldVolumeId, whyKept(vm, oldVolumeId));
          }
        }),
      );
      const now = new Map((await work.disks.ofVm(vm)).map((disk) => [disk.diskKey, disk.volumeId]));
      for (const { diskKey, newVolumeId } of vm.disks) {
        if (now.get(diskKey) === newVolumeId) continue;
        throw new Error(`disk ${String(diskKey)} was given volume ${newVolumeId} but has another`);
      }
    },
  );
}

function whyKept(vm: CommitRevertInput, volumeId: string): string {
  const remove = `diskferry release ${sourceVmPath(vm)} --delete-volumes ${volumeId}`;
  return `it was replaced by the revert to recovery point ${vm.pointId}; when nobody needs it: ${remove}`;
}
