import { failBackRequestSchema, type FailBackRequest } from '../../domain/failover-request';
import { sourceVmPath } from '../../domain/names';
import { askFirst } from '../ask';
import type { CommandContext } from '../command-context';
import { durationText } from '../disk-progress';
import type { ShownFailoverPlan } from '../failover-plan-text';
import { failoverPlanLines } from '../failover-plan-text';
import { lastRunOf } from '../find-vm';
import { followFailover } from '../follow-failover';
import { parseBy } from '../request-file';
import { withSession } from '../session';
import { askForPlan, showPlan } from '../show-plan';

const COMMAND = 'diskferry failover back';

/** `diskferry failover back VM`: what is thrown away is shown with its age, and asked for, before anything is done. */
export async function run(
  context: CommandContext,
  vmArgument: string,
  options: { dryRun?: boolean; yes?: boolean; wait?: boolean },
): Promise<void> {
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
      await showPlan(context, session, request);
      return;
    }
    if (options.yes !== true) {
      const now = Date.now();
      const plan = await askForPlan(context, session, request);
      if (!context.json)
        for (const line of [...failoverPlanLines(plan, now), ...lossLines(plan, now)]) context.print(line);
      await askFirst(context, options.yes, `Take ${vm.vmName} (${sourceVmPath(vm)}) back?`, COMMAND);
    }
    await followFailover(context, failovers, await failovers.startBack(request), options.wait !== false);
  });
}

/** What a failback gives up and what it keeps. */
export function lossLines(plan: Pick<ShownFailoverPlan, 'live'>, now: number): string[] {
  if (plan.live === undefined) return [];
  const { failoverVmName, since } = plan.live;
  const age = durationText((now - Date.parse(since)) / 1000);
  return [
    `Given up: VM ${failoverVmName}, and all that it wrote in the ${age} since ${since} is no longer in use.`,
    'Kept: a recovery point with those writes (diskferry points), and the replicas, which count as not verified until they are replicated again in full.',
  ];
}
