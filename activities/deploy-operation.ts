import { randomUUID } from 'node:crypto';
import type { VmOperation } from '../database/vm-operations';
import type { DeployVmInput } from '../domain/failover-io';
import { sourceVmPath } from '../domain/names';
import type { Facts } from '../site/judge-site';
import type { ActivityRun } from './activity-run';
import { fenceOf } from './fence-of';
import { findDeployed } from './find-deployed';
import { describeJob } from './judge-job';
import { stableUuid } from './stable-uuid';
import { finishVmOperation, recordedVmOperation } from './vm-operation';
import type { VmWork } from './vm-work';

/**
 * The operation of this attempt: unfinished, or done and its VM not removed by us since; else a new row. The VM's id and the job's are
 * random, one of each per row, since an expunged id is refused for ever; the row's own id is derived, so that two attempts beside each
 * other write one row.
 *
 * @param earlier - deploys of this run and attempt, oldest first
 */
export async function currentDeploy(
  work: VmWork,
  run: ActivityRun,
  vm: DeployVmInput,
  facts: Facts,
  earlier: readonly VmOperation[],
): Promise<{ operation: VmOperation; fresh: boolean }> {
  const last = earlier.at(-1);
  if (last !== undefined && last.state !== 'failed' && !(await wasDestroyed(work, last))) {
    return { operation: last, fresh: false };
  }
  const { firstRunId, attempt } = vm;
  const id = stableUuid(['deploy', sourceVmPath(vm), firstRunId, attempt, earlier.length].join(' '));
  const jobId = randomUUID();
  await work.effect('deployVm.record', () =>
    work.database.fenced(fenceOf(vm, run), (tx, { epoch }) =>
      work.vmOperations.record(tx, {
        id,
        kind: 'deploy',
        site: vm.site,
        sourceId: vm.sourceId,
        sourceVmId: vm.sourceVmId,
        attempt,
        ...(facts.mayChooseVolumeIds ? { failoverVmId: randomUUID() } : {}),
        failoverVmName: vm.name,
        jobId,
        choseVmId: facts.mayChooseVolumeIds,
        workflowId: run.workflowId,
        firstRunId,
        runId: run.runId,
        activityId: run.activityId,
        epoch,
      }),
    ),
  );
  const operation = await recordedVmOperation(work, id);
  // Another attempt beside us may have written it first; then it may have sent it too.
  return { operation, fresh: operation.jobId === jobId };
}

async function wasDestroyed(work: VmWork, { failoverVmId }: VmOperation): Promise<boolean> {
  if (failoverVmId === undefined) return false;
  const rows = await work.vmOperations.ofVm(failoverVmId);
  return rows.some(({ kind, state }) => (kind === 'destroy' || kind === 'expunge') && state === 'done');
}

/**
 * Ends deploys of this source VM that earlier runs or attempts left unfinished, so that a VM they made is known to the database. Such a
 * VM stays where it is: its maker's undo owns it, or doctor reports it.
 */
export async function settleEarlierDeploys(work: VmWork, run: ActivityRun, vm: DeployVmInput): Promise<void> {
  for (const row of await work.vmOperations.ofSourceVm(vm, { kind: 'deploy' })) {
    if (row.state !== 'recorded' || (row.firstRunId === vm.firstRunId && row.attempt === vm.attempt)) continue;
    const { machine, end } = await findDeployed(work, run, row, vm);
    const failure = end.arrived ? describeJob(end.job) : 'it never arrived at CloudStack';
    await finishVmOperation(
      work,
      run,
      vm,
      'deployVm.finish',
      row,
      machine === undefined ? { state: 'failed', failure } : { state: 'done', failoverVmId: machine.id },
    );
    if (machine !== undefined) {
      work.log.warn(
        { operation: row.id, failoverVmId: machine.id, owner: row.workflowId, runId: row.runId },
        'An earlier run left a failover VM that it had not finished making',
      );
    }
  }
}
