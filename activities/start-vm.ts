import { failoverVmRefSchema } from '../domain/failover-io';
import { failure } from '../domain/failures';
import { sourceVmPath } from '../domain/names';
import { actOnVm } from './act-on-vm';
import { activity } from './activity';
import type { FailoverSiteActivities } from './queues';
import type { VmWork } from './vm-work';

/**
 * startVm: when it answers, CloudStack's listing showed the failover VM as Running with no job pending.
 *
 * Why it is hard: the start of a VM that runs fails in its job, so it is looked for first; and a start that is cut off may still come.
 * Hence its job id is chosen and stored before it is sent, and the listing decides.
 *
 * Sources: reference cloudstack-api §7; fixtures failover, vm-states ("start again", "start a VM without root").
 */
export function makeStartVm(work: VmWork): FailoverSiteActivities['startVm'] {
  return activity(
    'startVm',
    work.run,
    failoverVmRefSchema,
    (vm) => vm,
    async (vm, run) => {
      const { failoverVmId, failoverVmName: name } = vm;
      const { seen, cause, finish } = await actOnVm(work, run, vm, {
        kind: 'start',
        effects: { record: 'startVm.record', send: 'startVm.send', finish: 'startVm.finish' },
        actOn: ['stopped'],
        call: (jobId) => work.api.startVirtualMachine({ id: failoverVmId, customJobId: jobId }, { signal: run.signal }),
      });
      await finish(seen.verdict === 'running' ? 'done' : 'failed');
      if (seen.verdict === 'running') return;
      if (seen.verdict === 'gone' || seen.verdict === 'destroyed') throw failure('vm-gone', { name, failoverVmId });
      throw failure('vm-start-failed', { name, failoverVmId, cause, vm: sourceVmPath(vm) });
    },
  );
}
