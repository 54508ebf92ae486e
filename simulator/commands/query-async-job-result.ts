import { ApiError, permissionDenied } from '../api-error';
import { jobAnswer } from '../answers/job';
import type { Call, Command } from '../call';
import type { JobRow } from '../rows';

/** A resource whose jobs are asked for. */
export const resourceParameters = {
  resourceid: { type: 'text', since: '4.22.1' },
  resourcetype: { type: 'text', since: '4.22.1' },
} as const;

/**
 * queryAsyncJobResult: users see their own jobs; a job that was forgotten is as unknown as one never sent. From 4.22.1 on the
 * latest job of a resource can be asked for instead.
 */
export const queryAsyncJobResult: Command = {
  name: 'queryAsyncJobResult',
  parameters: { jobid: { type: 'id', entity: 'AsyncJob' }, ...resourceParameters },
  run(call) {
    const { world, caller } = call;
    const job = askedFor(call);
    if (caller.role !== 'admin' && job.accountId !== caller.id) {
      const account = JSON.stringify({ accountName: caller.name, id: caller.number, uuid: caller.id });
      throw permissionDenied(`Account Account [${account}] is not authorized to see job id=${String(job.number)}`);
    }
    return jobAnswer(world, job);
  },
};

/** Whether a job is of the resource that the call names; any job when it names none. */
export function isJobOf({ arguments: given }: Call): (job: JobRow) => boolean {
  const [id, type] = [given.text('resourceid') ?? '', given.text('resourcetype') ?? ''];
  return (job) =>
    (id === '' || job.instanceId === id) && (type === '' || job.instanceType.toLowerCase() === type.toLowerCase());
}

function askedFor(call: Call): JobRow {
  const { world, arguments: given } = call;
  const id = given.text('jobid') ?? '';
  if (id !== '') {
    const job = world.rememberedJob(id);
    if (job === undefined) throw new RangeError(`job ${id} was known a moment ago`);
    return job;
  }
  if ((given.text('resourceid') ?? '') === '') {
    throw new ApiError(431, 'Unable to execute API command queryasyncjobresult due to missing parameter jobid');
  }
  const ofResource = [...world.jobs.values()].filter(isJobOf(call)).sort((a, b) => b.number - a.number);
  const latest = ofResource.find((job) => world.rememberedJob(job.id) !== undefined);
  // The wording is inferred: this release was not asked.
  if (latest === undefined) throw new ApiError(431, 'Unable to find a job of the resource', 4350);
  return latest;
}
