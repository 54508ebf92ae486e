import type { Job } from '../cloudstack/api';
import { describeJobEnd, jobFailure } from '../cloudstack/job-failure';

/** What a finished CloudStack job says in words; a job proves nothing, it explains (reference cloudstack-api §1.6). */
export function describeJob(job: Job | undefined): string {
  return describeJobEnd(job);
}

/**
 * Whether the end of an attach or detach job leaves open what the hypervisor did: cancelled, timed out, ended by a restart, or
 * forgotten. A disk may then be plugged, or appear later, though CloudStack says detached.
 */
export function leavesDoubt(job: Job | undefined): boolean {
  const kind = jobFailure(job, { jobId: job?.jobid ?? '?', command: 'queryAsyncJobResult', endpoint: '' })?.kind;
  return kind === 'job-lost' || kind === 'outcome-unknown';
}
