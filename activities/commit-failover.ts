import type { Database } from '../database/database';
import type { Failovers } from '../database/failovers';
import type { Volumes } from '../database/volumes';
import { commitFailbackInputSchema, commitFailoverInputSchema } from '../domain/failover-io';
import { sourceVmPath } from '../domain/names';
import { activity } from './activity';
import type { CurrentRun } from './activity-run';
import type { Effect } from './effect';
import { fenceOf } from './fence-of';
import type { Log } from './log';
import type { FailoverMainActivities } from './queues';

/** What commitFailover and commitFailback need. */
export interface CommitWork {
  readonly database: Pick<Database, 'fenced'>;
  readonly failovers: Failovers;
  readonly volumes: Volumes;
  readonly effect: Effect;
  readonly run: CurrentRun;
  readonly log: Log;
}

/**
 * commitFailover: the point of no return. In one transaction the VM counts as failed over and the generation of its volumes is
 * raised, so that nothing that was verified or copied before counts for them any more.
 *
 * Why before the start is sent: a start whose answer is lost may have run, and a guest that ran has written.
 */
export function makeCommitFailover(work: CommitWork): FailoverMainActivities['commitFailover'] {
  return activity(
    'commitFailover',
    work.run,
    commitFailoverInputSchema,
    (vm) => vm,
    async (vm, run) => {
      const { failoverVmId, failoverVmName, applianceId, pointId, volumes, firstRunId } = vm;
      await work.effect('commitFailover.record', () =>
        work.database.fenced(fenceOf(vm, run), async (tx) => {
          const { site, sourceId, sourceVmId } = vm;
          const live = {
            site,
            sourceId,
            sourceVmId,
            failoverVmId,
            failoverVmName,
            applianceId,
            pointId,
            volumes,
            firstRunId,
          };
          // A repeated call must not raise the generation once more.
          if ((await work.failovers.goLive(tx, live)) === 'there') return;
          for (const { volumeId } of volumes) {
            await work.volumes.raiseGeneration(tx, volumeId);
            await work.volumes.setVerified(tx, volumeId, undefined);
          }
        }),
      );
      const live = await work.failovers.liveOf(vm);
      if (live?.failoverVmId !== failoverVmId) {
        throw new Error(`VM ${sourceVmPath(vm)} was recorded as failed over but is not`);
      }
      work.log.info(
        { source_vm: vm.vmName, vm_id: failoverVmId, failover_vm: failoverVmName, point: pointId },
        'Point of no return: the VM counts as failed over',
      );
    },
  );
}

/** commitFailback: the live failover is over; the replicas are on the appliance, not verified, of their raised generation. */
export function makeCommitFailback(work: CommitWork): FailoverMainActivities['commitFailback'] {
  return activity(
    'commitFailback',
    work.run,
    commitFailbackInputSchema,
    (vm) => vm,
    async (vm, run) => {
      await work.effect('commitFailback.record', () =>
        work.database.fenced(fenceOf(vm, run), (tx) => work.failovers.endLive(tx, vm, vm.failoverVmId)),
      );
      if ((await work.failovers.liveOf(vm))?.failoverVmId === vm.failoverVmId) {
        throw new Error(`the failover of VM ${sourceVmPath(vm)} was ended but still stands`);
      }
    },
  );
}
