import type { Job } from '../cloudstack/api';
import type { VolumeOperation } from '../database/volume-operations';
import { type DiskferryFailure, failure } from '../domain/failures';
import type { ActivityRun } from './activity-run';
import { lookUntil } from './polling';
import type { VolumeWork } from './volume-work';

/** CloudStack forgets jobs 24 h after their end; half of that leaves room for a clock that is wrong. */
const JOB_ID_LIFE_MS = 12 * 3_600_000;
const FURTHER_LOOKS = 2;

/** Where an operation's job stands: final (or forgotten after it was seen), or never heard of. */
export type JobEnd = { readonly arrived: true; readonly job: Job | undefined } | { readonly arrived: false };

/** What looking at jobs needs. */
export type JobWork = Pick<VolumeWork, 'api' | 'clock' | 'polling'>;

/** The failure that says that a job stays pending: of a volume, or of a VM. */
export type Pending = (jobId: string) => DiskferryFailure;

/** Whether a job id is too old to be sent again: CloudStack may have forgotten it and would do the work a second time. */
export function jobIdIsStale(work: Pick<VolumeWork, 'clock'>, operation: { readonly createdAt: string }): boolean {
  return work.clock.now() - Date.parse(operation.createdAt) > JOB_ID_LIFE_MS;
}

/**
 * Finds out what became of a job whose id was stored before it was sent, after a crash or a lost answer. An unknown one may still
 * be on its way, so it is looked for twice more before it counts as never arrived.
 *
 * @throws job-pending when the job stays pending
 */
export async function settleJob(work: JobWork, run: ActivityRun, operation: VolumeOperation): Promise<JobEnd> {
  return await settleJobById(work, run, operation.jobId, pendingOn(operation));
}

/** As {@link settleJob}, of any job. @throws what `pending` makes */
export async function settleJobById(
  work: JobWork,
  run: ActivityRun,
  jobId: string | undefined,
  pending: Pending,
): Promise<JobEnd> {
  if (jobId === undefined) return { arrived: false };
  for (let look = 0; look <= FURTHER_LOOKS; look += 1) {
    if (look > 0) await work.clock.sleep(work.polling.lookAgainMs, run.signal);
    const job = await work.api.queryJob(jobId, { signal: run.signal });
    if (job?.jobstatus === 0) return { arrived: true, job: await waitForJobById(work, run, jobId, pending) };
    if (job !== undefined) return { arrived: true, job };
  }
  return { arrived: false };
}

/**
 * Waits until a job that was sent is final; undefined when CloudStack no longer knows it.
 *
 * @throws job-pending (unavailable: tried again without end) when the job stays pending, so that the wait is seen
 */
export async function waitForJob(
  work: JobWork,
  run: ActivityRun,
  operation: Pick<VolumeOperation, 'diskKey' | 'volumeId' | 'volumeName'>,
  jobId: string,
): Promise<Job | undefined> {
  return await waitForJobById(work, run, jobId, pendingOn(operation));
}

/** As {@link waitForJob}, of any job. @throws what `pending` makes */
export async function waitForJobById(
  work: JobWork,
  run: ActivityRun,
  jobId: string,
  pending: Pending,
): Promise<Job | undefined> {
  const end = await lookUntil(work, run, work.polling.pendingMs, async () => {
    const job = await work.api.queryJob(jobId, { signal: run.signal });
    if (job === undefined) return { job: undefined };
    return job.jobstatus === 0 ? undefined : { job };
  });
  if (end !== undefined) return end.job;
  throw pending(jobId);
}

function pendingOn(operation: Pick<VolumeOperation, 'diskKey' | 'volumeId' | 'volumeName'>): Pending {
  const volumeId = operation.volumeId ?? operation.volumeName ?? '?';
  return (jobId) => failure('job-pending', { diskKey: operation.diskKey, volumeId, jobId });
}
