import { workflowInfo } from '@temporalio/workflow';
import { failureRecord } from '../domain/failures';
import { problemWords } from '../domain/problem-words';
import { describeProblems } from '../domain/request';
import type { PreflightApplianceOutput, PreflightSiteOutput } from '../domain/step-io';
import { activitiesOf } from './activities';
import { closingFailure, failureOf } from './failure-of';
import type { PlanReplicationInput } from './inputs';
import { planReplicationInputSchema } from './inputs';

export interface ReplicationPlan {
  readonly site: PreflightSiteOutput;
  readonly appliance: PreflightApplianceOutput;
}

/** `replicate --dry-run`: the preflight of a replication, looking only. Nothing is claimed, reserved or made. */
export async function planReplication(input: PlanReplicationInput): Promise<ReplicationPlan> {
  const parsed = planReplicationInputSchema.safeParse(input, { error: problemWords });
  if (!parsed.success) {
    throw closingFailure(failureRecord('request-invalid', { problems: describeProblems(parsed.error).join('; ') }));
  }
  const { request } = parsed.data;
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
    const site = await activities.preflightSite({ vm, request, planOnly: true });
    const appliance = await activities.preflightAppliance({
      vm,
      request,
      planOnly: true,
      applianceMacAddresses: site.applianceMacAddresses,
    });
    return { site, appliance };
  } catch (error) {
    throw closingFailure(failureOf(error, 'preflight'));
  }
}
