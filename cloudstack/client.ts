import type { CloudStackApi } from './api';
import { createChange } from './change';
import { systemClock, type Clock } from './clock';
import { queryJob, waitForJob } from './jobs';
import { createLists } from './lists';
import { createRateLimit } from './rate-limit';
import { createSignedCalls, type CallLogger } from './signed-calls';
import { createSiteLists } from './site-lists';
import { createSnapshotChanges } from './snapshot-changes';
import { createTransport } from './transport';
import { createRegisterUserKeys } from './user-keys';
import { createVirtualMachineChanges } from './virtual-machine-changes';
import { createVolumeChanges } from './volume-changes';
import type { CallWatcher } from './watch-call';

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
  readonly watcher?: CallWatcher | undefined;
}

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
    watcher: options.watcher,
  });
  const change = createChange(calls);
  const lists = createLists(calls);
  const wait: CloudStackApi['waitForJob'] = (jobId, call) => waitForJob(calls, clock, jobId, call);

  return {
    endpoint: url.href,
    ...createSiteLists(calls),
    ...lists,
    ...createVolumeChanges(change, lists.listVolumes, url.href, maxConcurrent),
    ...createSnapshotChanges(change),
    ...createVirtualMachineChanges(change),
    registerUserKeys: createRegisterUserKeys(calls, change, wait),
    queryJob: (jobId, call) => queryJob(calls, jobId, call),
    waitForJob: wait,
    seenClockOffset: () => calls.seenClockOffset(),
    close: () => transport.close(),
  };
}

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
