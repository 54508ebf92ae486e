import { failBackRequestSchema, type FailBackRequest } from '../../domain/failover-request';
import { sourceVmPath } from '../../domain/names';
import { askFirst, requireSomebodyToAsk } from '../ask';
import type { CommandContext } from '../command-context';
import { lossLines } from '../failover-loss';
import { lastRunOf } from '../find-vm';
import { followFailover } from '../follow-failover';
import { parseBy } from '../request-file';
import { withSession } from '../session';
import { showPlan, showPlanOnly } from '../show-plan';

/** `diskferry failover back VM`: what is thrown away is shown with its age, and asked for, before anything is done. */
export async function run(
  context: CommandContext,
  vmArgument: string,
  options: { dryRun?: boolean; yes?: boolean; wait?: boolean },
): Promise<void> {
  requireSomebodyToAsk(context, options, 'A failback', 'diskferry failover back');
  await withSession(context, async (session) => {
    const { temporal, records, findVm, failovers } = session;
    const vm = await lastRunOf(temporal.client, records, vmArgument, await findVm(vmArgument));
    const request: FailBackRequest = parseBy(failBackRequestSchema, {
      schemaVersion: 1,
      site: vm.site,
      source: { id: vm.sourceId, vm: vm.sourceVmId, name: vm.vmName },
      appliance: vm.applianceId,
      discardWrites: true,
    });
    if (options.dryRun === true) {
      await showPlanOnly(context, session, request);
      return;
    }
    if (options.yes !== true) {
      const plan = await showPlan(context, session, request);
      for (const line of lossLines(plan, Date.now())) context.print(line);
      await askFirst(context, `Take ${vm.vmName} (${sourceVmPath(vm)}) back?`);
    }
    await followFailover(context, failovers, await failovers.startBack(request), options.wait !== false);
  });
}
