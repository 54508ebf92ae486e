import { failoverStepContract, failoverUndoContract } from '../support/failover-contract';

failoverStepContract('mapToVm');
failoverUndoContract('unmapFromVm', 'mapToVm');
