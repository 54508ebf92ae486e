import { z } from 'zod';
import type { CallOptions, CloudStackApi } from './api';
import type { Change } from './change';
import { jobFailure } from './job-failure';
import type { SignedCalls } from './signed-calls';
import { understand } from './understand';

const command = 'registerUserKeys';

/** The pair itself, up to 4.22; since 4.23 a job, and the pair in its result (CloudStack: RegisterUserKeyCmd, RegisterUserKeysCmd). */
const pair = z
  .object({ userkeys: z.object({ apikey: z.string().min(1), secretkey: z.string().min(1) }) })
  .transform(({ userkeys }) => ({ apiKey: userkeys.apikey, secretKey: userkeys.secretkey }));
const answer = z.union([pair, z.object({ jobid: z.string().min(1) })]);

/** Registers a key pair of a user in every release. */
export function createRegisterUserKeys(
  calls: SignedCalls,
  change: Change,
  waitForJob: CloudStackApi['waitForJob'],
): CloudStackApi['registerUserKeys'] {
  return async ({ id }, call?: CallOptions) => {
    const answered = await change(command, answer, { id }, call);
    if (!('jobid' in answered)) return answered;
    const job = await waitForJob(answered.jobid, call);
    const failed = jobFailure(job, { command, endpoint: calls.endpoint, jobId: answered.jobid });
    if (failed !== undefined) throw failed;
    return understand(calls, command, 'change', pair, job?.jobresult);
  };
}
