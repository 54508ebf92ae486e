import { failoverStepContract } from '../support/failover-contract';

failoverStepContract('clearRoot', {
  arrange: (journey, actor) => journey.run(actor, 'deployVm').then(() => undefined),
});
