import type { Fence } from '../database/fence';
import type { VmRef } from '../domain/step-io';
import type { ActivityRun } from './activity-run';

/** The fence of every effect of an activity: the source VM it works for, and the run that executes it now. */
export function fenceOf(vm: VmRef, run: ActivityRun): Fence {
  return {
    site: vm.site,
    sourceId: vm.sourceId,
    sourceVmId: vm.sourceVmId,
    workflowId: run.workflowId,
    runId: run.runId,
  };
}
