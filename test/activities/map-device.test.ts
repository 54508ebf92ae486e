import { stepContract, undoContract } from '../support/step-contract';

stepContract('resolveDevice');
undoContract('confirmDeviceGone', 'attachVolume');
stepContract('mapDevice');
undoContract('unmapDevice', 'mapDevice');
