import { stepContract, undoContract } from '../support/step-contract';

stepContract('beginCopy');
stepContract('openExport');
undoContract('closeExport', 'openExport');
