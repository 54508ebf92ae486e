import { z } from 'zod';
import type { CallOptions } from './api';
import { encodeParameters, type ParameterValue } from './parameters';
import type { RequestParameters } from './sign';
import type { SignedCalls } from './signed-calls';
import { understand } from './understand';

/** Sends one command that changes something, once, and reads its answer. Map parameters come encoded. */
export type Change = <T>(
  command: string,
  answer: z.ZodType<T>,
  values: Readonly<Record<string, ParameterValue>>,
  call: CallOptions | undefined,
  maps?: RequestParameters,
) => Promise<T>;

export function createChange(calls: SignedCalls): Change {
  return async (command, answer, values, call, maps = {}) => {
    const content = await calls.send(command, 'change', { ...encodeParameters(values), ...maps }, call);
    return understand(calls, command, 'change', answer, content);
  };
}

/** The answer of an async command: its job, which only begins now. */
export const startedJob = z.object({ jobid: z.string().min(1) }).transform(({ jobid }) => ({ jobId: jobid }));

/** The answer of an async command that makes something: the row is there already. */
export const startedCreate = z
  .object({ id: z.string().min(1), jobid: z.string().min(1) })
  .transform(({ id, jobid }) => ({ id, jobId: jobid }));
