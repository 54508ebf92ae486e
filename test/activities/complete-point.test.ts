import { failoverStepContract } from '../support/failover-contract';

failoverStepContract('completePoint');
