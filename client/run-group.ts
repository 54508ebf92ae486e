import type { FailoverGroupRequest } from '../domain/failover-request';
import { askFirst } from './ask';
import type { CommandContext } from './command-context';
import { showGroupLive } from './group-view';
import { failoverPlanLines } from './failover-plan-text';
import type { Session } from './session';
import { askForPlan } from './show-plan';

/** Plans, asks, starts and follows a failover of several VMs. */
export async function runGroup(
  context: CommandContext,
  session: Session,
  group: FailoverGroupRequest,
  options: { readonly dryRun?: boolean; readonly yes?: boolean; readonly wait?: boolean },
): Promise<void> {
  const { failovers } = session;
  const members = group.stages.flatMap((stage) => stage.members);
  const asks = isLive(group) && options.yes !== true;
  if (options.dryRun === true || asks) {
    const plans = [];
    for (const [index, stage] of group.stages.entries()) {
      context.print(`Stage ${String(index + 1)} of ${String(group.stages.length)}, then a pause of ${stage.pause}`);
      for (const member of stage.members) {
        const plan = await askForPlan(context, session, member);
        for (const line of failoverPlanLines(plan, Date.now())) context.print(`  ${line}`);
        plans.push(plan);
      }
    }
    if (options.dryRun === true) {
      context.print('Nothing was changed.');
      context.printJson({ group: group.name, plans });
      return;
    }
  }
  if (asks) {
    const names = members.map(({ source }) => source.name).join(', ');
    await askFirst(context, `Fail over ${names}?`);
  }
  const started = await failovers.groups.start(group);
  context.print(`group ${group.name}: ${started.outcome} (request ${started.requestId}, run ${started.runId})`);
  if (options.wait === false && started.outcome !== 'ended') {
    context.print(`Follow it: diskferry failover status --group ${group.name}`);
    context.printJson({ ...started, group: group.name });
    return;
  }
  const state = await showGroupLive(
    () => failovers.groups.state(group.name),
    context.json ? context.io.stderr : context.io.stdout,
  );
  // A group of tests is `ready` while its sandboxes live: whoever started it has what it wanted. Any other end is the run's own.
  const end = state.phase === 'ready' ? state : await failovers.groups.result(group.name, started.runId);
  context.printJson({ ...started, group: group.name, ...end });
}

/** Whether a group is of live failovers: all its members are, or none. */
export function isLive(group: FailoverGroupRequest): boolean {
  return group.stages.some(({ members }) => members.some(({ kind }) => kind === 'live'));
}
