import { createHash } from 'node:crypto';
import stringify from 'fast-json-stable-stringify';
import type { ReplicationRequest } from '../domain/request';

/** A request without what does not change its meaning: its id, the order of its disks, a `boot` that is false. */
export type CanonicalRequest = Omit<ReplicationRequest, 'requestId'>;

/** The request as it is compared with others. Defaults are filled in already, since it was parsed. */
export function canonicalRequest(request: ReplicationRequest): CanonicalRequest {
  const { requestId: _requestId, ...content } = request;
  const disks = content.disks
    .map(({ boot, ...disk }) => ({ ...disk, ...(boot === true && { boot }) }))
    .sort((one, other) => one.key - other.key);
  return { ...content, disks };
}

/** SHA-256 (hex) of a canonical request, keys sorted: equal for requests that ask for the same. */
export function digestOf(canonical: object): string {
  return createHash('sha256').update(stringify(canonical)).digest('hex');
}

/** {@link digestOf} a replication request. */
export function requestDigest(request: ReplicationRequest): string {
  return digestOf(canonicalRequest(request));
}
