import { failoverStepContract, failoverUndoContract } from '../support/failover-contract';

failoverStepContract('attachToVm');
failoverUndoContract('detachFromVm', 'attachToVm');
