import type { Failovers, LiveFailover } from '../database/failovers';
import type { RecoveryPoint, RecoveryPoints } from '../database/recovery-points';
import type { VmDisks } from '../database/vm-disks';
import type { Volumes } from '../database/volumes';
import {
  type PlanFailoverInput,
  type PlanFailoverOutput,
  type PointSnapshot,
  type Replica,
  planFailoverInputSchema,
} from '../domain/failover-io';
import { failure } from '../domain/failures';
import { sourceVmPath } from '../domain/names';
import { activity } from './activity';
import type { CurrentRun } from './activity-run';
import type { Log } from './log';
import type { FailoverMainActivities } from './queues';
import { refuseFailedOver } from './refuse-failed-over';

/** What planFailover needs. */
export interface PlanWork {
  readonly disks: VmDisks;
  readonly volumes: Volumes;
  readonly points: RecoveryPoints;
  readonly failovers: Failovers;
  readonly run: CurrentRun;
  readonly log: Log;
}

/**
 * planFailover: what there is to work with, or why there is not enough of it: replicas, whether they are verified, the recovery point
 * asked for, where the VM is failed over to. Changes nothing, so that a dry run asks the same.
 */
export function makePlanFailover(work: PlanWork): FailoverMainActivities['planFailover'] {
  return activity(
    'planFailover',
    work.run,
    planFailoverInputSchema,
    (vm) => vm,
    async (vm) => {
      const live = await work.failovers.liveOf(vm);
      if (vm.kind !== 'back') refuseFailedOver(vm, live);
      else if (live === undefined) throw failure('vm-not-failed-over', { vm: sourceVmPath(vm) });

      const replicas = await readReplicas(work, vm, live);
      const unverified = replicas.filter((replica) => replica.verifiedAt === undefined);
      const fromReplicas = vm.from === undefined && (vm.kind === 'test' || vm.kind === 'live');
      const overridden = fromReplicas ? refuseUnverified(work, vm, unverified) : [];
      const point = vm.from === undefined ? undefined : await pointOf(work, vm, vm.from, replicas);
      const verifiedAt = replicas.map((replica) => replica.verifiedAt ?? '').sort()[0];
      return {
        replicas,
        overridden,
        ...(unverified.length > 0 || verifiedAt === undefined ? {} : { verifiedAt }),
        ...(point === undefined ? {} : { point }),
        ...(live === undefined
          ? {}
          : {
              live: {
                failoverVmId: live.failoverVmId,
                failoverVmName: live.failoverVmName,
                since: live.since,
              },
            }),
      } satisfies PlanFailoverOutput;
    },
  );
}

/**
 * The volumes that stand for the VM's disks; while it is failed over, those that were moved. With a recovery point their loss is no
 * obstacle: snapshots outlive their volumes.
 */
async function readReplicas(work: PlanWork, vm: PlanFailoverInput, live: LiveFailover | undefined): Promise<Replica[]> {
  const path = sourceVmPath(vm);
  const recorded = await work.disks.ofVm(vm);
  const isBoot = (diskKey: number) => recorded.some((disk) => disk.diskKey === diskKey && disk.boot);
  const moved = live?.volumes.toSorted((a, b) => a.diskKey - b.diskKey);
  const disks = moved?.map((disk) => ({ ...disk, boot: isBoot(disk.diskKey) })) ?? recorded;
  if (disks.length === 0) throw failure('never-replicated', { vm: path, site: vm.site });
  const replicas: Replica[] = [];
  for (const { diskKey, volumeId, boot } of disks) {
    const record = await work.volumes.get(volumeId);
    if (record === undefined) throw failure('disk-missing', { diskKey, vm: path, volumeId, what: 'not recorded' });
    if (record.goneAt !== undefined && vm.from === undefined) {
      throw failure('disk-missing', { diskKey, vm: path, volumeId, what: `gone since ${record.goneAt}` });
    }
    const verified = record.copyBegun && record.verifiedAt !== undefined && record.verifiedHash !== undefined;
    replicas.push({
      diskKey,
      boot,
      volumeId,
      volumeName: record.volumeName,
      volumeBytes: record.sizeBytes,
      generation: record.generation,
      ...(verified ? { verifiedAt: record.verifiedAt, verifiedHash: record.verifiedHash } : {}),
    });
  }
  refuseUnclearBoot(path, replicas);
  return replicas;
}

function refuseUnclearBoot(vm: string, disks: readonly { readonly diskKey: number; readonly boot: boolean }[]): void {
  const boot = disks.filter((disk) => disk.boot);
  if (boot.length === 1) return;
  const named = boot.length === 0 ? 'none' : boot.map((disk) => String(disk.diskKey)).join(', ');
  throw failure('boot-disk-unclear', { vm, count: boot.length, disks: named });
}

/** @returns what was overridden, in words */
function refuseUnverified(work: PlanWork, vm: PlanFailoverInput, unverified: readonly Replica[]): string[] {
  if (unverified.length === 0) return [];
  const disks = unverified.map(({ diskKey, volumeId }) => `disk ${String(diskKey)} (volume ${volumeId})`).join(', ');
  const reason = vm.allowUnverified;
  if (reason === undefined) throw failure('vm-not-verified', { vm: sourceVmPath(vm), disks });
  work.log.warn(
    { source_vm: vm.vmName, kind: vm.kind, disks, reason },
    'Replicas that are not verified are failed over',
  );
  return [`${disks} not verified; taken all the same: ${reason}`];
}

async function pointOf(
  work: PlanWork,
  vm: PlanFailoverInput,
  wanted: string,
  replicas: readonly Replica[],
): Promise<PlanFailoverOutput['point']> {
  const path = sourceVmPath(vm);
  // Those of a test belong to it alone and go with it.
  const complete = (await work.points.ofVm(vm)).filter(
    (candidate) => candidate.state === 'complete' && candidate.purpose !== 'test',
  );
  const point = wanted === 'latest-point' ? complete[0] : complete.find((candidate) => candidate.id === wanted);
  if (point === undefined) {
    const points = complete.map(({ id, completedAt }) => `${id} (${completedAt ?? '?'})`).join(', ') || 'none';
    throw failure('point-unknown', { vm: path, point: wanted, points });
  }
  const snapshots = snapshotsOf(point);
  for (const { diskKey, volumeId } of replicas) {
    if (snapshots.some((snapshot) => snapshot.diskKey === diskKey)) continue;
    throw failure('disk-missing', { diskKey, vm: path, volumeId, what: `not in recovery point ${point.id}` });
  }
  refuseUnclearBoot(path, snapshots);
  return { pointId: point.id, takenAt: point.completedAt ?? point.createdAt, purpose: point.purpose, snapshots };
}

/** The snapshots of a complete point that are there. */
function snapshotsOf(point: RecoveryPoint): PointSnapshot[] {
  return point.snapshots.flatMap(({ diskKey, boot, volumeId, snapshotId, sizeBytes, hash, goneAt }) =>
    snapshotId === undefined || goneAt !== undefined
      ? []
      : [{ diskKey, boot, volumeId, snapshotId, sizeBytes, ...(hash === undefined ? {} : { hash }) }],
  );
}
