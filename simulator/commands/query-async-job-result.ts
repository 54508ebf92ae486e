import { permissionDenied } from '../api-error';
import { jobAnswer } from '../answers/job';
import type { Command } from '../call';

/** queryAsyncJobResult: users see their own jobs; a job that was forgotten is as unknown as one never sent. */
export const queryAsyncJobResult: Command = {
  name: 'queryAsyncJobResult',
  parameters: { jobid: { type: 'id', entity: 'AsyncJob', required: true } },
  run({ world, caller, arguments: given }) {
    const id = given.required('jobid');
    const job = world.rememberedJob(id);
    if (job === undefined) throw new RangeError(`job ${id} was known a moment ago`);
    if (caller.role !== 'admin' && job.accountId !== caller.id) {
      const account = JSON.stringify({ accountName: caller.name, id: caller.number, uuid: caller.id });
      throw permissionDenied(`Account Account [${account}] is not authorized to see job id=${String(job.number)}`);
    }
    return jobAnswer(world, job);
  },
};
