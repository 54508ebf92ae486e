import type { CommandContext } from './command-context';
import type { PlannableRequest } from './failover-plan';
import { failoverPlanLines, shownFailoverPlan, type ShownFailoverPlan } from './failover-plan-text';
import type { Session } from './session';
import { withProgress } from './with-progress';

/** Asks for the plan of a request, with the preflight's words. Throws what would be refused. */
export async function askForPlan(
  context: CommandContext,
  { failovers }: Session,
  request: PlannableRequest,
): Promise<ShownFailoverPlan> {
  const asked = failovers.plan(request);
  return shownFailoverPlan(request, await withProgress(context, 'waiting for the preflight', asked));
}

/** `--dry-run`: the plan is all there is. */
export async function showPlanOnly(
  context: CommandContext,
  session: Session,
  request: PlannableRequest,
): Promise<void> {
  const plan = await showPlan(context, session, request);
  context.print('Nothing was changed.');
  context.printJson({ plan });
}

/** The plan, shown to people before they are asked. */
export async function showPlan(
  context: CommandContext,
  session: Session,
  request: PlannableRequest,
): Promise<ShownFailoverPlan> {
  const plan = await askForPlan(context, session, request);
  for (const line of failoverPlanLines(plan, Date.now())) context.print(line);
  return plan;
}
