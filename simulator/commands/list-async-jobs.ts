import { jobAnswer } from '../answers/job';
import type { Command } from '../call';
import { pageOf, scopeOf } from '../listing';
import { pagingParameters, scopeParameters } from '../parameters';
import { isJobOf, resourceParameters } from './query-async-job-result';

/** listAsyncJobs: those alone that are pending; from 4.22.1 on also those of one resource. */
export const listAsyncJobs: Command = {
  name: 'listAsyncJobs',
  parameters: { ...pagingParameters, ...scopeParameters, ...resourceParameters },
  run(call) {
    const inScope = scopeOf(call);
    const ofResource = isJobOf(call);
    const pending = [...call.world.jobs.values()].filter((job) => job.status === 0 && inScope(job) && ofResource(job));
    return pageOf(call, 'asyncjobs', pending, (job) => jobAnswer(call.world, job));
  },
};
