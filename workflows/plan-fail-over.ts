import { workflowInfo } from '@temporalio/workflow';
import type { PlanFailoverOutput, PreflightFailoverOutput } from '../domain/failover-io';
import { failoverDeviceIds } from '../domain/failover-request';
import type { FailoverKind } from '../domain/failover-state';
import { activitiesOf } from './activities';
import { closingFailure, failureOf } from './failure-of';
import type { PlanFailOverInput } from './inputs';
import { planFailOverInputSchema } from './inputs';
import { parsedInput } from './parsed-input';

export interface FailoverPlan {
  readonly kind: FailoverKind;
  readonly plan: PlanFailoverOutput;
  readonly preflight: PreflightFailoverOutput;
  /** which disk goes where on the failover VM; empty in a revert */
  readonly deviceIds: readonly { readonly diskKey: number; readonly deviceId: number }[];
}

/** `--dry-run` of a failover, a failback or a revert: looking only. Nothing is claimed or made. */
export async function planFailOver(input: PlanFailOverInput): Promise<FailoverPlan> {
  const { request } = parsedInput(planFailOverInputSchema, input);
  const kind = kindOf(request);
  const activities = activitiesOf(request.site, request.appliance);
  const vm = {
    site: request.site,
    sourceId: request.source.id,
    sourceVmId: request.source.vm,
    vmName: request.source.name,
    applianceId: request.appliance,
    firstRunId: workflowInfo().firstExecutionRunId,
    ...(request.projectId === undefined ? {} : { projectId: request.projectId }),
  };
  try {
    const plan = await activities.planFailover({ ...vm, kind, ...askedOf(request) });
    const disks =
      plan.point?.snapshots.map(({ diskKey, boot, sizeBytes }) => ({ diskKey, boot, volumeBytes: sizeBytes })) ??
      plan.replicas.map(({ diskKey, boot, volumeBytes }) => ({ diskKey, boot, volumeBytes }));
    const preflight = await activities.preflightFailover({
      vm,
      request,
      kind,
      disks,
      newVolumes: kind === 'test' || kind === 'revert' ? disks.length : 0,
      newSnapshots: plan.point === undefined ? disks.length : 0,
      ...(plan.live === undefined ? {} : { failoverVmId: plan.live.failoverVmId }),
    });
    const deviceIds = kind === 'revert' ? [] : [...failoverDeviceIds(disks)];
    return { kind, plan, preflight, deviceIds: deviceIds.map(([diskKey, deviceId]) => ({ diskKey, deviceId })) };
  } catch (error) {
    throw closingFailure(failureOf(error, 'preflight'));
  }
}

type AnyRequest = ReturnType<typeof planFailOverInputSchema.parse>['request'];

function kindOf(request: AnyRequest): FailoverKind {
  if ('kind' in request) return request.kind;
  return 'to' in request ? 'revert' : 'back';
}

/** What the plan is to work from. A live failover with a final sync will be verified by it. */
function askedOf(request: AnyRequest) {
  if ('to' in request) return { from: request.to };
  if (!('kind' in request)) return {};
  const { allowUnverified } = request;
  if (request.kind === 'live' && request.finalSync !== undefined) {
    return { allowUnverified: allowUnverified ?? 'the final sync comes first' };
  }
  return {
    ...(request.kind === 'test' && request.from !== 'replicas' ? { from: request.from } : {}),
    ...(allowUnverified === undefined ? {} : { allowUnverified }),
  };
}
