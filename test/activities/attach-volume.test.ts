import { stepContract, undoContract } from '../support/step-contract';

stepContract('attachVolume');
undoContract('detachVolume', 'attachVolume');
