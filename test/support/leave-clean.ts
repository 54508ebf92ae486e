import type { Actor } from './activity-world';
import { expectCensus } from './census';
import { expectStanding, type Standing, standsAsBefore } from './standing-replicas';

/**
 * Ends a case of a behaviour test: everything of the failover taken back, recovery points pruned. Replicas that the case did not
 * touch are left to the next one; others leave the appliance and are deleted by name, and nothing may be left.
 */
export async function leaveClean(before: Standing, actor: Actor): Promise<void> {
  const { journey } = before;
  const { world, vm } = journey;
  await world.control.clearFaults();
  await journey.takeBack(actor);
  await journey.prunePoints();
  if (await standsAsBefore(before)) {
    await actor.activities.endClaim(vm);
    await expectStanding(before);
    return;
  }
  await journey.releaseReplicas(actor);
  await actor.activities.endClaim(vm);
  await expectCensus(world, vm);
}
