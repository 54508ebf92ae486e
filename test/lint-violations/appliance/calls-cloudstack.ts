// @typescript-eslint/no-restricted-imports: the appliance does not talk to CloudStack
import { CloudStackError } from '../cloudstack/errors';
export const error = CloudStackError;
