import type { Client } from '@temporalio/client';
import { replicationWorkflowId, sourceVmPath, type SourceVmKey } from '../domain/names';
import type { ReplicationRequest } from '../domain/request';
import type { ReplicationRecords } from './replication-records';
import { canonicalRequest, type CanonicalRequest } from './request-digest';
import { requestDifferences } from './request-differences';
import { startSearchAttributes } from '../temporal/search-attributes';
import { startRun, type StartedRun } from './start-run';

/** What became of the start of a replication. */
export interface StartedReplication extends StartedRun {
  readonly vm: SourceVmKey;
}

/** Who may be asked about earlier runs: Temporal, and the database where there is one. */
export interface StartServices {
  readonly temporal: Client;
  readonly records: Pick<ReplicationRecords, 'jobs'> | undefined;
}

/** Starts the replication that a request asks for. Throws as {@link startRun} does. */
export async function startReplication(
  services: StartServices,
  request: ReplicationRequest,
): Promise<StartedReplication> {
  const vm = { site: request.site, sourceId: request.source.id, sourceVmId: request.source.vm };
  const started = await startRun(services.temporal, {
    workflowType: 'replicateVm',
    workflowId: replicationWorkflowId(vm),
    vm: sourceVmPath(vm),
    request,
    canonical: canonicalRequest(request),
    summary: `Replicate ${request.source.name} to ${request.site}`,
    searchAttributes: startSearchAttributes(vm, 'preflight'),
    // A memo is written by startRun alone, from a canonical request of this kind of run.
    differences: (there, here) => requestDifferences(there as CanonicalRequest, here as CanonicalRequest),
    recorded: async (requestId) => await services.records?.jobs.byRequestId(requestId),
  });
  return { ...started, vm };
}
