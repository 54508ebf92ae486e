import { stepContract } from '../support/step-contract';

stepContract('copyDisk');
stepContract('verifyDisk');
