import type { RecoveryPoint } from '../database/recovery-points';

/** Whether a point counts among those that the site keeps; those of a test go with it. */
function isKept({ state, purpose }: RecoveryPoint): boolean {
  return state === 'complete' && purpose !== 'test';
}

/**
 * Complete points beyond those that a site keeps, oldest first. While the VM is not verified its newest point is all that it can go
 * back to, so that one stays whatever the site keeps.
 *
 * @param points - newest first
 */
export function pointsToPrune(
  points: readonly RecoveryPoint[],
  keeps: number,
  vmIsVerified: boolean,
): readonly RecoveryPoint[] {
  return points
    .filter(isKept)
    .slice(Math.max(keeps, vmIsVerified ? 0 : 1))
    .toReversed();
}

/** Points that count for nothing and are to be finished: being removed, or left by an earlier run while they were taken. */
export function leftPoints(points: readonly RecoveryPoint[], firstRunId: string): readonly RecoveryPoint[] {
  return points
    .filter((point) => point.state === 'removing' || (point.state === 'taking' && point.firstRunId !== firstRunId))
    .toReversed();
}

/** Why a cycle needs no point, or undefined when it needs one. */
export function whyNoPoint(
  keeps: number,
  unverified: readonly number[],
  points: readonly RecoveryPoint[],
): string | undefined {
  if (keeps === 0) return 'the site keeps no recovery points';
  if (unverified.length === 0) return undefined;
  const disks = unverified.length === 1 ? `disk ${String(unverified[0])} is` : `disks ${unverified.join(', ')} are`;
  const latest = points.find(isKept);
  const stays =
    latest === undefined
      ? 'nothing verified would be lost'
      : `the latest recovery point ${latest.id} of ${latest.completedAt ?? latest.createdAt} stays`;
  return `${disks} not verified: ${stays}`;
}
