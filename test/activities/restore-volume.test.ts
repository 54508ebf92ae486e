import { failoverStepContract, failoverUndoContract } from '../support/failover-contract';
import type { ActivityWorld } from '../support/activity-world';

/** What a create that was sent twice under one job id leaves: a second Allocated volume of the exact name (fixture custom-job-id). */
async function double(world: ActivityWorld, account: 'admin' | 'repluser'): Promise<void> {
  const { volumes } = await world.control.world();
  const own = world.ownThings();
  const replicas = new Set(
    (await world.database.query<{ id: string }>('SELECT volume_id AS id FROM volumes')).map(({ id }) => id),
  );
  const [made, ...others] = volumes.filter(({ id }) => !own.has(id) && !replicas.has(id));
  if (made === undefined || others.length > 0) return;
  const cloudStack = world.clientOf(account);
  const [zone] = await cloudStack.listZones({});
  const [offering] = await cloudStack.listDiskOfferings({ name: 'replica-custom' });
  if (zone === undefined || offering === undefined) throw new Error('the world has no zone or offering');
  await cloudStack.createVolume({ name: made.name, zoneId: zone.id, diskOfferingId: offering.id, sizeGib: 1 });
}

for (const account of ['admin', 'repluser'] as const) {
  failoverStepContract('restoreVolume', {
    account,
    afterEffect: { 'restoreVolume.send': (world) => double(world, account) },
  });
}
failoverUndoContract('deleteRestoredVolume', 'restoreVolume');
