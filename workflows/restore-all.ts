import type { PointSnapshot, RestoreVolumeInput } from '../domain/failover-io';
import type { FailoverRequest } from '../domain/failover-request';
import { allOrWorst } from './all-or-worst';
import type { FailoverRun } from './failover-run';
import type { VmDisk } from './failover-vm';
import { ATTEMPT, ownerOf } from './failover-vm';

export interface RestorablePoint {
  readonly pointId: string;
  readonly snapshots: readonly PointSnapshot[];
}

/**
 * Makes a volume of every snapshot of a point, side by side.
 *
 * @throws StepFailed, Stopped as the ledger does
 */
export async function restoreAll(
  { vm, ledger, view }: FailoverRun,
  purpose: RestoreVolumeInput['purpose'],
  owner: Pick<FailoverRequest, 'account' | 'domainId'>,
  { pointId, snapshots }: RestorablePoint,
): Promise<VmDisk[]> {
  view.enter('restoring');
  const restored = await Promise.allSettled(
    snapshots.map(async ({ diskKey, boot, snapshotId, sizeBytes }): Promise<VmDisk> => {
      view.change(diskKey, { snapshotId });
      const disk = { ...vm, attempt: ATTEMPT, diskKey };
      const { volumeId, volumeBytes } = await ledger.run(diskKey, 'restoreVolume', {
        ...disk,
        purpose,
        pointId,
        snapshotId,
        sizeBytes,
        boot,
        ...ownerOf(owner),
      });
      view.change(diskKey, { volumeId });
      return { boot, volume: { ...disk, volumeId, volumeBytes } };
    }),
  );
  return allOrWorst(restored);
}
