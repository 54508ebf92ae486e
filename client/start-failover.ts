import type { Client } from '@temporalio/client';
import type { FailBackRequest, FailoverGroupRequest, FailoverRequest, RevertRequest } from '../domain/failover-request';
import {
  failBackWorkflowId,
  failoverGroupWorkflowId,
  failoverWorkflowId,
  revertWorkflowId,
  sourceVmPath,
  type SourceVmKey,
} from '../domain/names';
import type { FailoverRecords } from './failover-records';
import { canonicalFailover, canonicalGroup, vmOfRequest, withoutId } from './failover-requests';
import { failoverDifferences } from './request-differences';
import { digestOf } from './request-digest';
import { startSearchAttributes } from '../temporal/search-attributes';
import { startRun, type StartedRun } from './start-run';

/** What became of the start of a failover, a failback or a revert. */
export interface StartedFailover extends StartedRun {
  readonly vm: SourceVmKey;
}

/** Who may be asked about earlier runs: Temporal, and the database where there is one. */
export interface FailoverServices {
  readonly temporal: Client;
  readonly records: FailoverRecords | undefined;
}

/** Starts a test or a live failover. Throws as {@link startRun} does; so do the others. */
export async function startFailover(services: FailoverServices, request: FailoverRequest): Promise<StartedFailover> {
  const vm = vmOfRequest(request);
  return await startOfVm(services, vm, request, {
    workflowType: 'failOverVm',
    workflowId: failoverWorkflowId(vm),
    canonical: canonicalFailover(request),
    summary: `Fail over ${request.source.name} (${request.kind}) to ${request.target.name}`,
  });
}

/** Starts the way back from a live failover. */
export async function startFailBack(services: FailoverServices, request: FailBackRequest): Promise<StartedFailover> {
  const vm = vmOfRequest(request);
  return await startOfVm(services, vm, request, {
    workflowType: 'failBackVm',
    workflowId: failBackWorkflowId(vm),
    canonical: withoutId(request),
    summary: `Take ${request.source.name} back from its failover`,
  });
}

/** Starts going back to a recovery point. */
export async function startRevert(services: FailoverServices, request: RevertRequest): Promise<StartedFailover> {
  const vm = vmOfRequest(request);
  return await startOfVm(services, vm, request, {
    workflowType: 'revertVm',
    workflowId: revertWorkflowId(vm),
    canonical: withoutId(request),
    summary: `Put the replicas of ${request.source.name} back to recovery point ${request.to}`,
  });
}

/** Starts a failover of several VMs. */
export async function startFailoverGroup(
  services: FailoverServices,
  request: FailoverGroupRequest,
): Promise<StartedRun> {
  const members = request.stages.flatMap((stage) => stage.members);
  return await startRun(services.temporal, {
    workflowType: 'failOverGroup',
    workflowId: failoverGroupWorkflowId(request.name),
    vm: request.name,
    request,
    canonical: canonicalGroup(request),
    summary: `Fail over group ${request.name}: ${String(members.length)} VMs`,
    // Search attributes are of one VM; each member has its own run and its own attributes.
    searchAttributes: [],
    differences: failoverDifferences,
    // A group has no row: its request id is known as long as Temporal keeps its run.
    recorded: () => Promise.resolve(undefined),
    phaseQuery: 'groupState',
    furtherInput: {
      memberDigests: Object.fromEntries(
        members.map((member) => [sourceVmPath(vmOfRequest(member)), digestOf(canonicalFailover(member))]),
      ),
    },
  });
}

async function startOfVm(
  { temporal, records }: FailoverServices,
  vm: SourceVmKey,
  request: FailoverRequest | FailBackRequest | RevertRequest,
  run: { workflowType: string; workflowId: string; canonical: object; summary: string },
): Promise<StartedFailover> {
  const started = await startRun(temporal, {
    ...run,
    vm: sourceVmPath(vm),
    request,
    searchAttributes: startSearchAttributes(vm, 'preflight'),
    differences: failoverDifferences,
    recorded: async (requestId) => await records?.failovers.byRequestId(requestId),
  });
  return { ...started, vm };
}
