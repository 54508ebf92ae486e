import type { Actor } from '../support/activity-world';
import { failoverStepContract, failoverUndoContract } from '../support/failover-contract';
import { FailoverJourney } from '../support/failover-journey';
import { deployInput } from '../support/failover-vm-inputs';
import { failing } from '../support/failing';

/** A first deploy that fails, and leaves a VM that nobody can use under the name. */
async function failedDeploy(journey: FailoverJourney, actor: Actor): Promise<void> {
  await journey.world.control.fault({ kind: 'fail-job', command: 'deployVirtualMachine', text: 'no capacity' });
  await failing(actor.activities.deployVm(await deployInput(journey)));
}

/** A root that was taken off its VM and is not deleted yet. */
async function rootTakenOff(journey: FailoverJourney, actor: Actor): Promise<void> {
  await journey.run(actor, 'deployVm');
  const cutOff = FailoverJourney.actor(journey.world, journey, {
    failpoint: (effect) => {
      if (effect === 'clearRoot.delete') throw new Error('cut off');
    },
  });
  await failing(journey.run(cutOff, 'clearRoot'));
}

failoverStepContract('deployVm', { arrange: failedDeploy });
failoverUndoContract('removeVm', 'deployVm', { arrange: rootTakenOff });
