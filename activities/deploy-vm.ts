import { isRefusal } from '../cloudstack/errors';
import { jobFailure } from '../cloudstack/job-failure';
import type { VmOperation } from '../database/vm-operations';
import { type DeployVmInput, deployVmInputSchema } from '../domain/failover-io';
import { failure } from '../domain/failures';
import { sourceVmPath, volumeTagKeys } from '../domain/names';
import { activity } from './activity';
import type { ActivityRun } from './activity-run';
import { currentDeploy, settleEarlierDeploys } from './deploy-operation';
import { ensureTagsOn } from './ensure-tags';
import { findDeployed, listDeployed } from './find-deployed';
import { listScope } from './list-scope';
import { describeVm, observeVm, pendingOnVm } from './observe-vm';
import type { FailoverSiteActivities } from './queues';
import { removeMachine } from './remove-machine';
import { deployFailure, sendDeploy } from './send-deploy';
import { settleJobById, waitForJobById } from './settle-job';
import { compareTags } from '../site/volume-tags';
import { finishVmOperation } from './vm-operation';
import type { VmWork } from './vm-work';

const DOUBLE = 'deployVm.removeDouble';

/**
 * deployVm: when it answers, one VM of this operation is listed, stopped, under its name with our tags, and the database knows its id.
 *
 * Why it is hard: as createVolume. CloudStack makes the VM before it looks at the job's id, so that one request that is carried out
 * twice may leave two VMs; only a root admin's key may choose the VM's id. A VM's name is the operator's, so it proves nothing: see
 * listDeployed. Whatever is taken for a double is removed with all of removeVm's care. What an earlier try of this attempt made, and
 * could not be used, goes first: it has the name.
 *
 * Sources: reference cloudstack-api §1.7, §7; fixtures failover ("deploy stopped"), vm-states ("a VM not started"), custom-job-id.
 */
export function makeDeployVm(work: VmWork): FailoverSiteActivities['deployVm'] {
  return activity(
    'deployVm',
    work.run,
    deployVmInputSchema,
    (vm) => vm,
    async (vm, run) => {
      await settleEarlierDeploys(work, run, vm);
      const facts = await work.facts({ signal: run.signal });
      const { firstRunId, attempt } = vm;
      const earlier = await work.vmOperations.ofSourceVm(vm, { kind: 'deploy', firstRunId, attempt });
      await removeUseless(work, run, vm, earlier);
      const { operation, fresh } = await currentDeploy(work, run, vm, facts, earlier);
      if (operation.state === 'done') return { failoverVmId: await provenBefore(work, run, vm, operation) };

      const found = fresh ? undefined : (await findDeployed(work, run, operation, vm)).machine?.id;
      const failoverVmId = found ?? (await sendDeploy(work, run, vm, operation)) ?? operation.failoverVmId;
      if (failoverVmId === undefined) throw failure('deploy-failed', { name: vm.name, cause: 'it is not listed' });
      const tagProblem = await tag(work, run, vm, failoverVmId);
      await prove(work, run, vm, operation, failoverVmId, tagProblem);
      return { failoverVmId };
    },
  );
}

/** A VM that was proven before is there still, whatever was done with it since. */
async function provenBefore(
  work: VmWork,
  run: ActivityRun,
  vm: DeployVmInput,
  { failoverVmId }: VmOperation,
): Promise<string> {
  if (failoverVmId === undefined) throw new Error(`the deploy of VM ${vm.name} is done, and its id is not recorded`);
  const seen = await observeVm(work, run, { ...vm, failoverVmId, failoverVmName: vm.name });
  if (seen.verdict === 'gone' || seen.verdict === 'destroyed') {
    throw failure('vm-gone', { name: vm.name, failoverVmId });
  }
  return failoverVmId;
}

/** Removes what earlier tries of this attempt made and could not use. */
async function removeUseless(
  work: VmWork,
  run: ActivityRun,
  vm: DeployVmInput,
  earlier: readonly VmOperation[],
): Promise<void> {
  for (const row of earlier) {
    if (row.state !== 'failed') continue;
    const { machine, doubles } = await listDeployed(work, run, row, row.failoverVmId, vm);
    for (const useless of machine === undefined ? doubles : [machine, ...doubles]) {
      await removeDouble(work, run, vm, useless.id);
    }
  }
}

async function removeDouble(work: VmWork, run: ActivityRun, vm: DeployVmInput, failoverVmId: string): Promise<void> {
  const effects = { record: DOUBLE, destroy: DOUBLE, expunge: DOUBLE, deleteRoot: DOUBLE, finish: DOUBLE };
  await removeMachine(work, run, { ...vm, failoverVmId, failoverVmName: vm.name }, effects);
  work.log.warn({ failoverVmId, name: vm.name }, 'Removed a VM that a repeated or failed deploy had left');
}

/** @returns why the tags may not be set, in CloudStack's words */
async function tag(
  work: VmWork,
  run: ActivityRun,
  vm: DeployVmInput,
  failoverVmId: string,
): Promise<string | undefined> {
  const [seen] = await work.api.listVirtualMachines({ id: failoverVmId, ...listScope(vm) }, { signal: run.signal });
  const resource = { id: failoverVmId, tags: seen?.tags ?? [], resourceType: 'UserVm' as const };
  return await ensureTagsOn(work, run, resource, pendingOnVm(vm.name), 'deployVm.tag', tagsOf(vm, run));
}

function tagsOf(vm: DeployVmInput, run: ActivityRun): Readonly<Record<string, string>> {
  return { [volumeTagKeys.owner]: run.workflowId, [volumeTagKeys.vm]: sourceVmPath(vm) };
}

/** Waits for the job, looks, removes doubles, and closes the row once everything is as it must be. */
async function prove(
  work: VmWork,
  run: ActivityRun,
  vm: DeployVmInput,
  operation: VmOperation,
  failoverVmId: string,
  tagProblem: string | undefined,
): Promise<void> {
  const { name } = vm;
  const pending = pendingOnVm(name);
  const useless = async (cause: string): Promise<never> => {
    const end = { state: 'failed', failoverVmId, failure: cause } as const;
    await finishVmOperation(work, run, vm, 'deployVm.finish', operation, end);
    throw deployFailure(vm, cause);
  };
  const job = operation.jobId === undefined ? undefined : await waitForJobById(work, run, operation.jobId, pending);
  const ended = jobFailure(job, { jobId: operation.jobId ?? '?', command: 'deployVirtualMachine', endpoint: '' });
  // A job that was lost proves nothing, and the listing decides; one that says no has left a VM that nobody should use.
  if (job !== undefined && ended !== undefined && isRefusal(ended)) return await useless(ended.text);
  const seen = await observeVm(work, run, { ...vm, failoverVmId, failoverVmName: name });
  if (seen.verdict === 'gone') {
    const end = await settleJobById(work, run, operation.jobId, pending);
    return await useless(end.arrived && ended !== undefined ? ended.text : 'it is not listed');
  }
  if (seen.verdict !== 'stopped') return await useless(describeVm(seen));

  for (const double of (await listDeployed(work, run, operation, failoverVmId, vm)).doubles) {
    await removeDouble(work, run, vm, double.id);
  }
  const { missing, different } = compareTags(seen.machine, tagsOf(vm, run));
  const untagged = [...Object.keys(missing), ...different].join(', ');
  if (untagged !== '') {
    throw failure('deploy-failed', { name, cause: `its tags were not set: ${tagProblem ?? untagged}` });
  }
  await setOsType(work, run, vm, failoverVmId);
  await finishVmOperation(work, run, vm, 'deployVm.finish', operation, { state: 'done', failoverVmId });
}

/** CloudStack takes no OS type with the deploy, only afterwards, of a stopped VM. */
async function setOsType(work: VmWork, run: ActivityRun, vm: DeployVmInput, failoverVmId: string): Promise<void> {
  const { osTypeId } = vm;
  if (osTypeId === undefined) return;
  try {
    await work.effect('deployVm.osType', () =>
      work.api.updateVirtualMachine({ id: failoverVmId, osTypeId }, { signal: run.signal }),
    );
  } catch (error) {
    if (isRefusal(error)) throw deployFailure(vm, `its OS type was not set: ${error.text}`);
    throw error;
  }
}
