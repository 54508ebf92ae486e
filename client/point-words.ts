import type { RecoveryPoint } from '../database/recovery-points';
import type { PointPurpose } from '../domain/failover-io';
import { formatBytes } from '../domain/sizes';

/** What a recovery point was taken for. */
export const purposeWords: Readonly<Record<PointPurpose, string>> = {
  cycle: 'before a replication',
  test: 'for a test',
  live: 'before a live failover',
  back: 'before a failback: what the failover VM wrote',
};

/** Bytes of all disks of a point; its snapshots may take less on secondary storage. */
export function pointBytes(point: RecoveryPoint): number {
  return point.snapshots.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** Whether all that the point holds was verified: its bytes are known by hash. */
export function isVerified(point: RecoveryPoint): boolean {
  return point.snapshots.length > 0 && point.snapshots.every(({ hash }) => hash !== undefined);
}

/** A point in one line. */
export function pointLine(point: RecoveryPoint): string {
  const { id, purpose, state, createdAt, completedAt, snapshots } = point;
  const disks = `${String(snapshots.length)} disk${snapshots.length === 1 ? '' : 's'}`;
  return `recovery point ${id}: ${state}, taken ${completedAt ?? createdAt} ${purposeWords[purpose]}, ${disks}, ${formatBytes(pointBytes(point))}`;
}
