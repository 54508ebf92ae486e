import type { Snapshot } from '../cloudstack/api';

/**
 * What a listing says of a snapshot. `allocated`: a row without bytes, which one of a detached volume still is when its job has
 * succeeded (fixture snapshot-revert-detached); `under-way`: the hypervisor or the storage is at it; `leaving`: it is being deleted.
 */
export type SnapshotVerdict = 'gone' | 'allocated' | 'under-way' | 'backed-up' | 'failed' | 'leaving';

/**
 * CloudStack: Snapshot.State. A snapshot counts when it is `BackedUp`, not when its job says so; a state that is not known is
 * waited for.
 */
export function judgeSnapshot(snapshot: Snapshot | undefined): SnapshotVerdict {
  switch (snapshot?.state) {
    case undefined:
    case 'Destroyed':
      return 'gone';
    case 'Destroying':
      return 'leaving';
    case 'Allocated':
      return 'allocated';
    case 'BackedUp':
      return 'backed-up';
    case 'Error':
      return 'failed';
    default:
      return 'under-way';
  }
}

/**
 * The snapshot with the known id. Where none is known (the job was forgotten), the one that is farthest, then the oldest. A known id
 * that is not listed has no stand-in.
 */
export function pickSnapshot(listing: readonly Snapshot[], knownId: string | undefined): Snapshot | undefined {
  if (knownId !== undefined) return listing.find((snapshot) => snapshot.id === knownId);
  const order: readonly SnapshotVerdict[] = ['backed-up', 'under-way', 'allocated', 'failed', 'leaving', 'gone'];
  const rank = (snapshot: Snapshot): number => order.indexOf(judgeSnapshot(snapshot));
  return [...listing].sort(
    (a, b) => rank(a) - rank(b) || (a.created ?? '').localeCompare(b.created ?? '') || a.id.localeCompare(b.id),
  )[0];
}
