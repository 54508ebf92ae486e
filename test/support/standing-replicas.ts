import { isDeepStrictEqual } from 'node:util';
import { expect } from '@jest/globals';
import type { ActivityWorld } from './activity-world';
import { type Census, takeCensus } from './take-census';
import { type ReplicaRows, replicasNow } from './failover-commits';
import type { FailoverJourney } from './failover-journey';

/** What there is of a VM that only has its replicas. */
export interface Standing {
  readonly account: 'admin' | 'repluser';
  readonly journey: FailoverJourney;
  readonly census: Census;
  readonly rows: ReplicaRows;
}

const standing = new WeakMap<ActivityWorld, Standing>();

/**
 * The replicas of a world that its last case left exactly as they were: the next case begins with them instead of replicating anew,
 * which takes longer than most cases. Whoever asks has them; they stand again only when that case has proved that it left nothing.
 *
 * @param account - whose key made them; anybody's when it is left out
 */
export function takeStanding(world: ActivityWorld, account?: 'admin' | 'repluser'): FailoverJourney | undefined {
  const found = standing.get(world);
  standing.delete(world);
  return account === undefined || found?.account === account ? found?.journey : undefined;
}

/** Remembers what there is before the case; to be handed to {@link expectStanding} after it. */
export async function lookAtReplicas(journey: FailoverJourney): Promise<Standing> {
  const { account, world, vm } = journey;
  return { account, journey, census: await takeCensus(world, vm), rows: await replicasNow(journey) };
}

/** Whether there are the replicas, and nothing else anywhere, exactly as before the case. */
export async function standsAsBefore(before: Standing): Promise<boolean> {
  const { census, rows } = await lookAtReplicas(before.journey);
  return isDeepStrictEqual({ census, rows }, { census: before.census, rows: before.rows });
}

/** Expects the replicas, and nothing else anywhere, exactly as they were before the case; then the next may have them. */
export async function expectStanding(before: Standing): Promise<void> {
  const { census, rows } = await lookAtReplicas(before.journey);
  expect({ census, rows }).toEqual({ census: before.census, rows: before.rows });
  standing.set(before.journey.world, before);
}

/**
 * Expects the replicas, and nothing else anywhere, as they were before the case but for what may have been written to them: a volume
 * whose generation was raised counts no more as verified. The next case may have them so.
 */
export async function expectRaised(before: Standing): Promise<void> {
  const now = await lookAtReplicas(before.journey);
  const expected = before.rows.volumes.map((volume, index) => {
    const generation = now.rows.volumes[index]?.generation ?? -1;
    if (generation <= volume.generation) return volume;
    return { ...volume, generation, verifiedHash: undefined };
  });
  expect({ census: now.census, rows: now.rows }).toEqual({
    census: before.census,
    rows: { ...before.rows, volumes: expected },
  });
  standing.set(before.journey.world, now);
}
