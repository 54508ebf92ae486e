import type { VmOperation } from '../database/vm-operations';
import { type RemoveVmInput, removeVmInputSchema } from '../domain/failover-io';
import { activity } from './activity';
import type { ActivityRun } from './activity-run';
import { findDeployed, listDeployed } from './find-deployed';
import { describeJob } from './judge-job';
import type { FailoverSiteActivities } from './queues';
import { removeMachine } from './remove-machine';
import { kept, nothingToUndo, undone } from './undo-outcome';
import { finishVmOperation } from './vm-operation';
import type { VmWork } from './vm-work';

const effects = {
  record: 'removeVm.record',
  destroy: 'removeVm.destroy',
  expunge: 'removeVm.expunge',
  deleteRoot: 'removeVm.deleteRoot',
  finish: 'removeVm.finish',
} as const;

/**
 * removeVm: as an undo of deployVm, what this attempt deployed is gone from the list, doubles too, however far the deploy came; in a
 * release (a failback) the VM that is named is. A VM with any volume on it but the root of its template is not touched: see
 * removeMachine.
 *
 * @throws what removeMachine throws
 */
export function makeRemoveVm(work: VmWork): FailoverSiteActivities['removeVm'] {
  return activity(
    'removeVm',
    work.run,
    removeVmInputSchema,
    (vm) => vm,
    async (vm, run) => {
      const ids = vm.mode === 'release' ? namedVm(vm) : await deployedVms(work, run, vm);
      if (ids === undefined) return nothingToUndo('removeVm');
      const reasons: string[] = [];
      for (const failoverVmId of ids) {
        const reason = await removeMachine(work, run, { ...vm, failoverVmId, failoverVmName: vm.name }, effects);
        if (reason !== undefined) reasons.push(reason);
      }
      return reasons.length === 0 ? undone('removeVm') : kept('removeVm', reasons.join('; '));
    },
  );
}

function namedVm({ failoverVmId }: RemoveVmInput): readonly string[] {
  if (failoverVmId === undefined) throw new Error('a release removes only a VM that is named');
  return [failoverVmId];
}

/** The VMs that this attempt deployed; undefined when it never came to that. */
async function deployedVms(work: VmWork, run: ActivityRun, vm: RemoveVmInput): Promise<readonly string[] | undefined> {
  const { firstRunId, attempt } = vm;
  const deploys = await work.vmOperations.ofSourceVm(vm, { kind: 'deploy', firstRunId, attempt });
  if (deploys.length === 0) return undefined;
  const ids = new Set<string>();
  for (const deploy of deploys) for (const id of await vmsOf(work, run, vm, deploy)) ids.add(id);
  return [...ids];
}

/** What a deploy made, and ends its row if it was cut off: from here on nothing is sent for it any more. */
async function vmsOf(
  work: VmWork,
  run: ActivityRun,
  vm: RemoveVmInput,
  deploy: VmOperation,
): Promise<readonly string[]> {
  const idsOf = (known: string | undefined, doubles: readonly { readonly id: string }[]): string[] => [
    ...(known === undefined ? [] : [known]),
    ...doubles.map(({ id }) => id),
  ];
  if (deploy.state !== 'recorded') {
    const { doubles } = await listDeployed(work, run, deploy, deploy.failoverVmId, vm);
    return idsOf(deploy.failoverVmId, doubles);
  }
  const { machine, doubles, end } = await findDeployed(work, run, deploy, vm);
  const failure = end.arrived ? describeJob(end.job) : 'it never arrived at CloudStack';
  await finishVmOperation(
    work,
    run,
    vm,
    effects.finish,
    deploy,
    machine === undefined ? { state: 'failed', failure } : { state: 'done', failoverVmId: machine.id },
  );
  return idsOf(machine?.id ?? deploy.failoverVmId, doubles);
}
