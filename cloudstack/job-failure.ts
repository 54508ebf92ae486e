import type { Job } from './api';
import { CloudStackError, type CloudStackErrorKind } from './errors';
import { holderIn, kindOfFailure } from './kind-of-failure';

/** Which job it is about. */
export interface JobPlace {
  readonly jobId: string;
  /** the command that started it */
  readonly command: string;
  readonly endpoint: string;
}

/**
 * What the end of a job says, as a failure; undefined for one that is pending or succeeded.
 *
 * - `refused`, `conflict`, `gone`, `not-found`: CloudStack said no, nothing was done
 * - `job-lost`: nobody knows what became of it: forgotten (24 h after its end), ended by a restart of the server (status 2 without a
 *   result), cancelled (status 3, or 2 with the text `… blocking others for too long`: its thread may still finish the work)
 * - `outcome-unknown`: the hypervisor did not answer in time and may still do it
 *
 * Sources: reference cloudstack-api §1.6; fixture restart-during-attach.
 */
export function jobFailure(job: Job | undefined, place: JobPlace): CloudStackError | undefined {
  if (job?.jobstatus === 0 || job?.jobstatus === 1) return undefined;
  const text = describeJobEnd(job);
  const errorCode = job?.jobresult?.errorcode ?? job?.jobresultcode;
  const holder = holderIn(text, 'job');
  return new CloudStackError({
    ...place,
    kind: kindOfEnd(job, text, errorCode),
    text,
    ...(errorCode !== undefined && { errorCode }),
    ...(holder !== undefined && { holder }),
  });
}

function kindOfEnd(job: Job | undefined, text: string, errorCode: number | undefined): CloudStackErrorKind {
  if (job?.jobstatus !== 2 || ownText(job) === undefined) return 'job-lost';
  return kindOfFailure({ errorCode, text }, 'job');
}

/** What a job says in words. */
export function describeJobEnd(job: Job | undefined): string {
  if (job === undefined) return 'CloudStack does not know the job any more';
  if (job.jobstatus === 0) return 'the job is pending';
  if (job.jobstatus === 1) return 'the job says that it succeeded';
  const own = ownText(job);
  if (own !== undefined) return own;
  if (job.jobstatus === 2) return 'the job was ended without a result, as a restart of the management server does';
  return `the job has status ${String(job.jobstatus)}${job.jobstatus === 3 ? ', cancelled' : ', which is unknown'}`;
}

function ownText(job: Job): string | undefined {
  const text = job.jobresult?.errortext?.trim();
  return text === '' ? undefined : text;
}
