import { failoverStepContract, failoverUndoContract } from '../support/failover-contract';

failoverStepContract('startVm');
failoverUndoContract('stopVm', 'startVm');
