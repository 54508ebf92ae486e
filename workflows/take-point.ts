import type { PointPurpose, PointSnapshot } from '../domain/failover-io';
import type { FailureCode } from '../domain/failures';
import type { DeviceProof, VmRef, VolumeRef } from '../domain/step-io';
import type { RunActivities } from './activities';
import { allOrWorst } from './all-or-worst';
import { StepFailed } from './failure-of';
import { leaveAppliance, returnToAppliance } from './leave-appliance';
import type { StepLedger } from './step-ledger';

export interface PointDisk {
  readonly volume: VolumeRef;
  readonly boot: boolean;
}

export interface PointContext {
  readonly vm: VmRef;
  readonly activities: RunActivities;
  readonly ledger: StepLedger;
  readonly purpose: PointPurpose;
  /** provisioning attempt: another one opens another point */
  readonly attempt: number;
  readonly disks: readonly PointDisk[];
  /** `apart`: the volumes are on no running VM, and are snapshotted where they are */
  readonly snapshots: 'try' | 'refused' | 'apart';
  /** called as soon as the point has an id, before its first snapshot */
  readonly opened?: (pointId: string) => void;
}

export interface TakenPoint {
  readonly pointId: string;
  readonly takenAt: string;
  readonly snapshots: readonly PointSnapshot[];
  /** by disk key, where the volumes left the appliance for it and came back: their devices were proven anew */
  readonly devices: ReadonlyMap<number, DeviceProof>;
}

/**
 * Takes a recovery point: snapshots of all volumes, all or none. Until the point is complete every snapshot is owed to be deleted;
 * those of a test stay owed, since they go with it.
 *
 * Where the site snapshots no volume of a running VM the volumes leave the appliance for it; that they come back is owed before the
 * first of them leaves.
 *
 * @returns undefined when no point is needed
 * @throws StepFailed, Stopped as the ledger does
 */
export async function takePoint(context: PointContext): Promise<TakenPoint | undefined> {
  const { vm, activities, ledger, purpose, attempt, disks } = context;
  const { pointId } = await ledger.attempt('vm', 'openPoint', () =>
    activities.openPoint({
      ...vm,
      purpose,
      attempt,
      disks: disks.map(({ boot, volume: { diskKey, volumeId, volumeBytes } }) => ({
        diskKey,
        boot,
        volumeId,
        volumeBytes,
      })),
    }),
  );
  if (pointId === undefined) return undefined;
  context.opened?.(pointId);

  const snapshotAll = async (giveUpOn: readonly FailureCode[]): Promise<void> => {
    allOrWorst(
      await Promise.allSettled(
        disks.map(({ volume }) => ledger.run(volume.diskKey, 'snapshotVolume', { ...volume, pointId }, giveUpOn)),
      ),
    );
  };
  let devices: ReadonlyMap<number, DeviceProof> = new Map();
  if (context.snapshots === 'refused' || !(await wentAtOnce(context.snapshots, snapshotAll))) {
    devices = await apartFromAppliance(context, () => snapshotAll([]));
  }

  const { takenAt, snapshots } = await ledger.attempt('vm', 'completePoint', () =>
    activities.completePoint({ ...vm, pointId }),
  );
  if (purpose !== 'test') for (const { volume } of disks) ledger.paid(volume.diskKey, 'snapshotVolume');
  return { pointId, takenAt, snapshots, devices };
}

/** False when the site turned out to snapshot no volume of a running VM. */
async function wentAtOnce(
  snapshots: 'try' | 'apart',
  snapshotAll: (giveUpOn: readonly FailureCode[]) => Promise<void>,
): Promise<boolean> {
  if (snapshots === 'apart') {
    await snapshotAll([]);
    return true;
  }
  try {
    await snapshotAll(['snapshot-needs-detach']);
    return true;
  } catch (error) {
    if (error instanceof StepFailed && error.record.code === 'snapshot-needs-detach') return false;
    throw error;
  }
}

async function apartFromAppliance(
  { activities, ledger, disks }: PointContext,
  work: () => Promise<void>,
): Promise<ReadonlyMap<number, DeviceProof>> {
  allOrWorst(await Promise.allSettled(disks.map(({ volume }) => leaveAppliance(activities, ledger, volume))));
  await work();
  const proofs = await Promise.allSettled(
    disks.map(async ({ volume }) => {
      const device = await returnToAppliance(activities, volume, (step, call) =>
        ledger.attempt(volume.diskKey, step, call),
      );
      ledger.paid(volume.diskKey, 'returnToAppliance');
      return [volume.diskKey, device] as const;
    }),
  );
  return new Map(allOrWorst(proofs));
}
