import type { FailBackRequest, FailoverRequest, RevertRequest } from '../domain/failover-request';
import type { FailoverPlan } from '../workflows/plan-fail-over';

/** A request that can be planned: its kind follows from its fields. */
export type PlannableRequest = FailoverRequest | FailBackRequest | RevertRequest;

/** What `planFailOver` answers, as far as it does not follow from the request. */
export type PlannedFailover = Pick<FailoverPlan, 'plan' | 'preflight'>;

/** One disk that a run works with. */
export interface PlannedDisk {
  readonly diskKey: number;
  readonly boot: boolean;
  /** the replica; in a run that works from a recovery point, the volume that was snapshotted */
  readonly volumeId: string;
  readonly volumeBytes: number;
  readonly verified: boolean;
  /** of the recovery point that the run works from */
  readonly snapshotId?: string;
}

/** The disks of a plan: those of the recovery point that it works from, else the replicas. */
export function disksOf({ plan }: PlannedFailover): readonly PlannedDisk[] {
  if (plan.point === undefined) {
    return plan.replicas.map(({ verifiedHash, ...replica }) => ({ ...replica, verified: verifiedHash !== undefined }));
  }
  return plan.point.snapshots.map(({ diskKey, boot, volumeId, snapshotId, sizeBytes, hash }) => ({
    diskKey,
    boot,
    volumeId,
    volumeBytes: sizeBytes,
    verified: hash !== undefined,
    snapshotId,
  }));
}
