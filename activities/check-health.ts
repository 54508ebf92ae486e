import ms from 'ms';
import { checkHealthInputSchema } from '../domain/failover-io';
import { failure } from '../domain/failures';
import { sourceVmPath } from '../domain/names';
import { activity } from './activity';
import { judgeVm } from './judge-vm';
import { listScope } from './list-scope';
import { lookUntil } from './polling';
import type { FailoverSiteActivities } from './queues';
import type { VmWork } from './vm-work';

/**
 * checkHealth: CloudStack's listing shows the failover VM as Running within the time, with no job pending. Whether the guest does what
 * it is for is asked of a hook, by another activity.
 */
export function makeCheckHealth(
  work: Pick<VmWork, 'api' | 'clock' | 'polling' | 'run'>,
): FailoverSiteActivities['checkHealth'] {
  return activity(
    'checkHealth',
    work.run,
    checkHealthInputSchema,
    (vm) => vm,
    async (vm, run) => {
      const { failoverVmId, failoverVmName: name, withinMs } = vm;
      let evidence = '';
      const healthy = await lookUntil(work, run, withinMs, async () => {
        const listing = await work.api.listVirtualMachines(
          { id: failoverVmId, ...listScope(vm) },
          { signal: run.signal },
        );
        const seen = judgeVm(listing, failoverVmId);
        if (seen.verdict === 'running') return true;
        evidence =
          seen.verdict === 'gone' ? 'CloudStack does not list it' : `CloudStack shows it as ${seen.machine.state}`;
        return undefined;
      });
      if (healthy === true) return;
      throw failure('vm-unhealthy', { name, failoverVmId, waited: ms(withinMs), evidence, vm: sourceVmPath(vm) });
    },
  );
}
