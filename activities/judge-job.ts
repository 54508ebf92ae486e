import type { Job } from '../cloudstack/api';

/** What a finished CloudStack job says in words; a job proves nothing, it explains (reference cloudstack-api §1.6). */
export function describeJob(job: Job | undefined): string {
  if (job === undefined) return 'CloudStack does not know the job any more';
  if (job.jobstatus === 0) return 'the job is pending';
  if (job.jobstatus === 1) return 'the job says that it succeeded';
  const text = job.jobresult?.errortext?.trim();
  if (text !== undefined && text !== '') return text;
  // The answer after a restart of the management server: status 2, code 530, no result at all.
  return 'the job was ended without a result, as a restart of the management server does';
}

/**
 * Whether the end of an attach or detach job leaves open what the hypervisor did: cancelled, timed out, ended by a restart, or
 * forgotten. A disk may then be plugged, or appear later, though CloudStack says detached.
 */
export function leavesDoubt(job: Job | undefined): boolean {
  if (job === undefined || job.jobstatus === 3) return true;
  if (job.jobstatus !== 2) return false;
  const text = job.jobresult?.errortext ?? '';
  return (
    text.trim() === '' ||
    /cancell?ed|blocking others|restart or shutdown|timed?[ -]?out|waiting for \[\d+\]|please contact your system administrator/i.test(
      text,
    )
  );
}
