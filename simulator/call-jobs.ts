import { Gate } from './gate';
import type { Jobs } from './jobs';
import type { Lifetime } from './lifetime';
import type { MetFaults } from './met-faults';

/** What commands do with the server's jobs. */
export type JobQueue = Pick<Jobs, 'submit' | 'inQueueOf' | 'pendingJobOf'>;

/** The server's jobs as one call sees them: the faults that it met come true there. */
export function callJobs(jobs: Jobs, faults: MetFaults, lifetime: Lifetime): JobQueue {
  const cancel = faults.get('cancel-job');
  const cancelled = new Gate();
  return {
    submit: (request) =>
      jobs.submit({
        ...request,
        work: async () => {
          await faults.held('begin', lifetime);
          // Nothing is left to be done in this life of the server.
          if (faults.restartAt('begin', lifetime)) await lifetime.waitFor(new Gate().opened, null);
          return await request.work();
        },
        ...(faults.get('expire-job') !== undefined && { forgotten: true }),
        ...(cancel !== undefined && { cancel: { afterMs: cancel.ms, status: cancel.status, gate: cancelled } }),
      }),
    inQueueOf: async (vmId, item) => {
      if (await faults.held('queue', lifetime)) return await item();
      return await jobs.inQueueOf(vmId, item, cancel === undefined ? undefined : cancelled.opened);
    },
    pendingJobOf: (instanceId) => jobs.pendingJobOf(instanceId),
  };
}
