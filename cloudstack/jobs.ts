import type { CallOptions, Job } from './api';
import type { Clock } from './clock';
import { isCloudStackError } from './errors';
import { jobSchema } from './responses';
import type { SignedCalls } from './signed-calls';
import { understand } from './understand';

const command = 'queryAsyncJobResult';
const firstPauseMs = 100;
const longestPauseMs = 2_000;
const growth = 1.3;

/**
 * The job, or undefined when CloudStack does not know it: a chosen id that never arrived, or a job whose row was removed, 24 h
 * after its end (`job.expire.minutes`).
 *
 * @throws CloudStackError what reads throw
 */
export async function queryJob(calls: SignedCalls, jobId: string, options?: CallOptions): Promise<Job | undefined> {
  try {
    const content = await calls.send(command, 'read', { jobid: jobId }, options);
    return understand(calls, command, 'read', jobSchema, content);
  } catch (error) {
    if (isCloudStackError(error, 'not-found', 'gone')) return undefined;
    throw error;
  }
}

/**
 * Looks at a job until it is final (status 1 or 2; 3, cancelled, exists too) or forgotten. The pauses grow from 0.1 s to 2 s, so
 * that short jobs (0.3 s) are not waited for and long ones (30 min) are not hammered.
 *
 * @throws CloudStackError `unavailable` as soon as one look got no answer: the caller decides how long to wait for that
 */
export async function waitForJob(
  calls: SignedCalls,
  clock: Clock,
  jobId: string,
  { onPoll, ...options }: CallOptions & { onPoll?: () => void } = {},
): Promise<Job | undefined> {
  for (let pause = firstPauseMs; ; pause = Math.min(pause * growth, longestPauseMs)) {
    const job = await queryJob(calls, jobId, options);
    onPoll?.();
    if (job?.jobstatus !== 0) return job;
    await clock.sleep(pause, options.signal);
  }
}
