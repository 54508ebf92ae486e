import { stepContract, undoContract } from '../support/step-contract';
import type { ActivityWorld } from '../support/activity-world';
import type { Journey } from '../support/journey';

/** What a create that was sent twice under one job id leaves: a second Allocated volume of the exact name (fixture custom-job-id). */
async function double(world: ActivityWorld, journey: Journey, account: 'admin' | 'repluser'): Promise<void> {
  const { volumes } = await world.control.world();
  const [first, ...others] = volumes.filter((volume) => volume.type === 'DATADISK');
  if (first === undefined || others.length > 0) return;
  const cloudStack = world.clientOf(account);
  const [zone] = await cloudStack.listZones({});
  const [offering] = await cloudStack.listDiskOfferings({ name: 'replica-custom' });
  if (zone === undefined || offering === undefined) throw new Error('the world has no zone or offering');
  await cloudStack.createVolume({
    name: first.name,
    zoneId: zone.id,
    diskOfferingId: offering.id,
    sizeGib: Math.ceil(journey.createInput.sizeBytes / 2 ** 30),
  });
}

for (const account of ['admin', 'repluser'] as const) {
  stepContract('createVolume', {
    account,
    afterEffect: { 'createVolume.send': (world, journey) => double(world, journey, account) },
  });
}
undoContract('deleteVolume', 'createVolume', {
  elsewhere: { 'deleteVolume.unprotect': 'deleteVolume (release), from beginCopy' },
});
undoContract('deleteVolume', 'beginCopy', { mode: 'release' });
