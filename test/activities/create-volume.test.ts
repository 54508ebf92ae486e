import { stepContract, undoContract } from '../support/step-contract';
import type { ActivityWorld } from '../support/activity-world';
import type { Journey } from '../support/journey';

/** What a create that was sent twice under one job id leaves: a second Allocated volume of the exact name (fixture custom-job-id). */
async function double(world: ActivityWorld, journey: Journey): Promise<void> {
  const { volumes } = await world.control.world();
  const made = volumes.filter((volume) => volume.type === 'DATADISK');
  const [first] = made;
  if (first === undefined || made.length > 1) return;
  const [zone] = await world.cloudStack.listZones({});
  const [offering] = await world.cloudStack.listDiskOfferings({ name: 'replica-custom' });
  if (zone === undefined || offering === undefined) throw new Error('the world has no zone or offering');
  await world.cloudStack.createVolume({
    name: first.name,
    zoneId: zone.id,
    diskOfferingId: offering.id,
    sizeGib: Math.ceil(journey.createInput.sizeBytes / 2 ** 30),
  });
}

stepContract('createVolume', { afterEffect: { 'createVolume.send': double } });
undoContract('deleteVolume', 'createVolume', {
  elsewhere: { 'deleteVolume.unprotect': 'deleteVolume (release), from beginCopy' },
});
undoContract('deleteVolume', 'beginCopy', { mode: 'release' });
