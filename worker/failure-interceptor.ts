import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker';
import { toApplicationFailure } from '../activities/to-temporal';
import { DiskferryFailure } from '../domain/failures';

/** Gives failures of the table the form in which Temporal carries them; everything else passes as it is. */
export const failureInterceptor: ActivityInboundCallsInterceptor = {
  async execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>): Promise<unknown> {
    try {
      return await next(input);
    } catch (error) {
      throw error instanceof DiskferryFailure ? toApplicationFailure(error) : error;
    }
  },
};
