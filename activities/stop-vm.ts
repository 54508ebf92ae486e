import type { FailoverVmRef } from '../domain/failover-io';
import { failoverVmRefSchema } from '../domain/failover-io';
import { failure } from '../domain/failures';
import { actOnVm, type VmEnd } from './act-on-vm';
import { activity } from './activity';
import type { ActivityRun } from './activity-run';
import type { FailoverSiteActivities } from './queues';
import { nothingToUndo, undone } from './undo-outcome';
import type { VmWork } from './vm-work';

/**
 * stopVm: when it answers, CloudStack's listing showed the failover VM as Stopped, or no longer, with no job pending. The guest is asked
 * first; where that failed or came to nothing, it is switched off.
 *
 * The VM is this run's, or the one that a failback was told of, so it is stopped whoever started it: an operator may have started a
 * sandbox by hand, and its root cannot be taken off a VM that runs.
 *
 * Sources: reference cloudstack-api §7; fixtures failover ("detach the root of a running VM"), vm-states ("stop again").
 */
export function makeStopVm(work: VmWork): FailoverSiteActivities['stopVm'] {
  return activity(
    'stopVm',
    work.run,
    failoverVmRefSchema,
    (vm) => vm,
    async (vm, run) => {
      const { failoverVmId, failoverVmName: name } = vm;
      const earlier = await work.vmOperations.ofVm(failoverVmId);
      const ofThisRun = earlier.filter(({ firstRunId }) => firstRunId === vm.firstRunId);
      const askedInVain = ofThisRun.some(({ kind, state }) => kind === 'stop' && state === 'failed');
      let end = await stop(work, run, vm, askedInVain);
      if (runs(end) && !askedInVain) {
        await end.finish('failed');
        end = await stop(work, run, vm, true);
      }
      if (runs(end)) {
        await end.finish('failed');
        throw failure('vm-stop-failed', { name, failoverVmId, cause: end.cause });
      }
      await end.finish('done');
      const startedOrStopped = ofThisRun.some(({ kind }) => kind === 'start' || kind === 'stop');
      return end.acted || startedOrStopped ? undone('stopVm') : nothingToUndo('stopVm');
    },
  );
}

function runs({ seen }: VmEnd): boolean {
  return seen.verdict === 'running' || seen.verdict === 'other';
}

async function stop(work: VmWork, run: ActivityRun, vm: FailoverVmRef, forced: boolean): Promise<VmEnd> {
  return await actOnVm(work, run, vm, {
    kind: 'stop',
    effects: { record: 'stopVm.record', send: 'stopVm.send', finish: 'stopVm.finish' },
    actOn: ['running', 'other'],
    call: (jobId) =>
      work.api.stopVirtualMachine(
        { id: vm.failoverVmId, customJobId: jobId, ...(forced ? { forced } : {}) },
        { signal: run.signal },
      ),
  });
}
