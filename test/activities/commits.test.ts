import type { Actor } from '../support/activity-world';
import { commitFailoverInput } from '../support/failover-commits';
import { failoverStepContract } from '../support/failover-contract';
import type { FailoverJourney } from '../support/failover-journey';
import { inTurn } from '../support/in-turn';

async function pointAndVm(journey: FailoverJourney, actor: Actor): Promise<void> {
  await journey.runThrough(actor, 'completePoint');
  await journey.run(actor, 'deployVm');
}

async function failedOver(journey: FailoverJourney, actor: Actor): Promise<void> {
  await pointAndVm(journey, actor);
  await journey.run(actor, 'commitFailover');
}

async function noLongerFailedOver(journey: FailoverJourney, actor: Actor): Promise<void> {
  await actor.activities.commitFailback(commitFailoverInput(journey));
  await journey.takeBack(actor);
}

/** What became a replica is kept by every undo, and goes as replicas do: deleted by name. */
async function restoredDeleted(journey: FailoverJourney, actor: Actor): Promise<void> {
  await journey.takeBack(actor);
  await inTurn([...journey.restored], ([diskKey, volumeId]) =>
    actor.activities.deleteVolume({ ...journey.vm, attempt: 1, diskKey, volumeId, mode: 'release' }),
  );
}

failoverStepContract('commitFailover', { arrange: pointAndVm, takeBack: noLongerFailedOver, raisesGeneration: true });
failoverStepContract('commitFailback', { arrange: failedOver, takeBack: noLongerFailedOver, raisesGeneration: true });
failoverStepContract('commitRevert', {
  arrange: async (journey, actor) => {
    journey.restorePurpose = 'revert';
    await journey.runThrough(actor, 'restoreVolume');
  },
  takeBack: restoredDeleted,
  changesReplicas: true,
});
