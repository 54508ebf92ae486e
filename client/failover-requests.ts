import { failoverGroupRequestSchema, failoverRequestSchema } from '../domain/failover-request';
import type { FailBackRequest, FailoverGroupRequest, FailoverRequest, RevertRequest } from '../domain/failover-request';
import type { SourceVmKey } from '../domain/names';
import { canonicalRequest } from './request-digest';
import { parseBy } from './request-file';

/** The requests of failovers as a client takes and compares them. */

/** A failover request, its defaults filled in. Throws as {@link parseBy} does. */
export function parseFailoverRequest(value: unknown): FailoverRequest {
  return parseBy(failoverRequestSchema, value);
}

/** A group's. Throws as {@link parseBy} does. */
export function parseFailoverGroup(value: unknown): FailoverGroupRequest {
  return parseBy(failoverGroupRequestSchema, value);
}

/** The VM that a request is about. */
export function vmOfRequest({ site, source }: Pick<FailoverRequest, 'site' | 'source'>): SourceVmKey {
  return { site, sourceId: source.id, sourceVmId: source.vm };
}

/** A failover request without what does not change its meaning: its id, and within a final sync what a replication's leaves out. */
export function canonicalFailover(request: FailoverRequest): object {
  const content = withoutId(request);
  return request.kind === 'live' && request.finalSync !== undefined
    ? { ...content, finalSync: canonicalRequest(request.finalSync) }
    : content;
}

/** The same for the requests of a failback and a revert. */
export function withoutId(request: FailoverRequest | FailBackRequest | RevertRequest): object {
  const { requestId: _requestId, ...content } = request;
  return content;
}

/** The same for a group: the ids of its members mean as little as its own. */
export function canonicalGroup(group: FailoverGroupRequest): object {
  const { requestId: _requestId, ...content } = group;
  return {
    ...content,
    stages: content.stages.map((stage) => ({ ...stage, members: stage.members.map(canonicalFailover) })),
  };
}
