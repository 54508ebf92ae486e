import { z } from 'zod';
import type { CallOptions, CloudStackApi, TagsParameters } from './api';
import { createBound } from './bound';
import { systemClock, type Clock } from './clock';
import { CloudStackError } from './errors';
import { queryJob, waitForJob } from './jobs';
import { createLists } from './lists';
import { encodeMap, encodeParameters, type ParameterValue } from './parameters';
import { createRateLimit } from './rate-limit';
import type { RequestParameters } from './sign';
import { createSignedCalls, type CallLogger } from './signed-calls';
import { createTransport } from './transport';
import { understand } from './understand';

export interface CloudStackClientOptions {
  /** the whole address, `https://host:8080/client/api` */
  readonly endpoint: string;
  readonly apiKey: string;
  readonly secretKey: string;
  /** at most so many requests in any second; unlimited when left out (root admin is exempt from CloudStack's own limit) */
  readonly requestsPerSecond?: number | undefined;
  /** HTTP exchanges at once; default 8 */
  readonly maxConcurrent?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly logger?: CallLogger | undefined;
}

/** A deleteVolume takes as long as the storage needs. */
const deleteTimeoutMs = 600_000;

/**
 * A client of one CloudStack endpoint for one key.
 *
 * @throws TypeError for an endpoint that is no http(s) address or carries a password, for empty keys and a rate of 0
 */
export function createCloudStackClient(options: CloudStackClientOptions): CloudStackApi {
  const { apiKey, secretKey, clock = systemClock, maxConcurrent = 8 } = options;
  const url = parseEndpoint(options.endpoint);
  const { requestsPerSecond } = options;
  if (requestsPerSecond !== undefined && !(requestsPerSecond > 0)) {
    throw new TypeError('requestsPerSecond must be greater than 0');
  }
  if (apiKey === '' || secretKey === '') throw new TypeError('the CloudStack api key or secret key is empty');
  const transport = createTransport(url, maxConcurrent);
  const calls = createSignedCalls({
    endpoint: url.href,
    apiKey,
    secretKey,
    transport,
    rateLimit: createRateLimit(requestsPerSecond, clock),
    maxConcurrent,
    clock,
    logger: options.logger,
  });
  // deletes are slow and must not keep everything else waiting
  const boundDeletes = createBound(Math.max(1, Math.floor(maxConcurrent / 2)));

  const change = async <T>(
    command: string,
    answer: z.ZodType<T>,
    values: Readonly<Record<string, ParameterValue>>,
    call?: CallOptions,
    map: RequestParameters = {},
  ): Promise<T> => {
    const content = await calls.send(command, 'change', { ...encodeParameters(values), ...map }, call);
    return understand(calls, command, 'change', answer, content);
  };

  const changeTags = (
    command: string,
    { resourceType, resourceIds, tags, customJobId }: TagsParameters,
    call?: CallOptions,
  ) =>
    change(
      command,
      startedJob,
      { resourcetype: resourceType, resourceids: resourceIds, customjobid: customJobId },
      call,
      encodeMap('tags', tags),
    );

  return {
    endpoint: url.href,
    ...createLists(calls),

    createVolume: (volume, call) =>
      change(
        'createVolume',
        startedCreate,
        {
          name: volume.name,
          zoneid: volume.zoneId,
          diskofferingid: volume.diskOfferingId,
          size: volume.sizeGib,
          customid: volume.customId,
          customjobid: volume.customJobId,
          account: volume.account,
          domainid: volume.domainId,
          projectid: volume.projectId,
        },
        call,
      ),
    attachVolume: ({ id, virtualMachineId, deviceId, customJobId }, call) =>
      change(
        'attachVolume',
        startedJob,
        { id, virtualmachineid: virtualMachineId, deviceid: deviceId, customjobid: customJobId },
        call,
      ),
    detachVolume: ({ id, customJobId }, call) =>
      change('detachVolume', startedJob, { id, customjobid: customJobId }, call),
    async deleteVolume({ id }, call) {
      const answer = await boundDeletes(
        () => change('deleteVolume', deleted, { id }, { timeoutMs: deleteTimeoutMs, ...call }),
        call?.signal,
      );
      if (answer.success) return;
      const text = answer.displaytext ?? 'answered success = false';
      throw new CloudStackError({ kind: 'refused', command: 'deleteVolume', endpoint: url.href, text });
    },
    updateVolume: ({ id, deleteProtection, name }, call) =>
      change('updateVolume', startedJob, { id, deleteprotection: deleteProtection, name }, call),
    createTags: (tags, call) => changeTags('createTags', tags, call),
    deleteTags: (tags, call) => changeTags('deleteTags', tags, call),

    queryJob: (jobId, call) => queryJob(calls, jobId, call),
    waitForJob: (jobId, call) => waitForJob(calls, clock, jobId, call),
    close: () => transport.close(),
  };
}

const startedJob = z.object({ jobid: z.string().min(1) }).transform(({ jobid }) => ({ jobId: jobid }));
const startedCreate = z
  .object({ id: z.string().min(1), jobid: z.string().min(1) })
  .transform(({ id, jobid }) => ({ id, jobId: jobid }));
const deleted = z.object({
  success: z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]),
  displaytext: z.string().optional(),
});

function parseEndpoint(endpoint: string): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new TypeError('the CloudStack endpoint must be a whole address like https://host:8080/client/api');
  }
  if (url.username !== '' || url.password !== '') {
    throw new TypeError('the CloudStack endpoint must not carry a user or password');
  }
  url.search = '';
  url.hash = '';
  return url;
}
