import { revertRequestSchema } from '../../domain/failover-request';
import { sourceVmPath } from '../../domain/names';
import { askFirst, requireSomebodyToAsk } from '../ask';
import type { CommandContext } from '../command-context';
import { lastRunOf } from '../find-vm';
import { followFailover } from '../follow-failover';
import { parseBy } from '../request-file';
import { withSession } from '../session';
import { showPlan, showPlanOnly } from '../show-plan';

/** `diskferry revert VM --to POINT` */
export async function run(
  context: CommandContext,
  vmArgument: string,
  options: { to: string; dryRun?: boolean; yes?: boolean; wait?: boolean },
): Promise<void> {
  requireSomebodyToAsk(context, options, 'A revert', 'diskferry revert');
  await withSession(context, async (session) => {
    const { temporal, records, findVm, failovers } = session;
    const vm = await lastRunOf(temporal.client, records, vmArgument, await findVm(vmArgument));
    const request = parseBy(revertRequestSchema, {
      schemaVersion: 1,
      site: vm.site,
      source: { id: vm.sourceId, vm: vm.sourceVmId, name: vm.vmName },
      appliance: vm.applianceId,
      to: options.to,
    });
    if (options.dryRun === true) {
      await showPlanOnly(context, session, request);
      return;
    }
    if (options.yes !== true) {
      await showPlan(context, session, request);
      await askFirst(context, `Put the replicas of ${vm.vmName} (${sourceVmPath(vm)}) back to ${options.to}?`);
    }
    await followFailover(context, failovers, await failovers.startRevert(request), options.wait !== false);
  });
}
