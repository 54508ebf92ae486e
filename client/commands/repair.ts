import { failure } from '../../domain/failures';
import type { RepairOutcome } from '../../domain/repair-io';
import { loadConfiguration } from '../../worker/config';
import { type CommandContext, requireConfigurationFile } from '../command-context';
import type { TemporalAccess } from '../connect';
import { chosenSites, withTruths } from '../doctor-look';
import { EndedWith } from '../ended-with';
import { planRepairs, type PlannedRepair } from '../repair-plans';
import { failedOutcomes, repairInputs, runRepair } from '../repair-runs';
import { outcomeLines, planLines, repairedVm } from '../repair-text';
import { withProgress } from '../with-progress';

/**
 * `diskferry repair [SITE] [FINDING…]`: the plan; with `--apply` its execution too.
 *
 * @throws DiskferryFailure `usage`, `configuration-invalid`, `site-unknown`, `finding-unknown`, `temporal-unavailable`
 */
export async function run(
  context: CommandContext,
  names: readonly string[],
  options: { readonly apply?: boolean },
): Promise<void> {
  const configuration = await loadConfiguration(requireConfigurationFile(context));
  const [first] = names;
  const site = first !== undefined && configuration.sites.has(first) ? first : undefined;
  const wanted = site === undefined ? names : names.slice(1);
  const sites = chosenSites(configuration, site);
  const ended = await withTruths(context, configuration, sites, async (truths, temporal) => {
    const planned = planRepairs(truths, wanted);
    for (const line of planLines(planned)) context.print(line);
    if (options.apply !== true) {
      showPlanOnly(context, planned);
      return [];
    }
    if (!('known' in temporal))
      throw failure('temporal-unavailable', { address: 'TEMPORAL_ADDRESS', cause: temporal.unknown });
    return await apply(context, temporal.known, planned);
  });
  if (ended.some(({ outcome }) => outcome === 'failed' || outcome === 'refused')) throw new EndedWith(1);
}

function showPlanOnly(context: CommandContext, planned: readonly PlannedRepair[]): void {
  const can = planned.some(({ plan }) => plan.refused === undefined);
  context.print(planned.length === 0 ? 'Nothing to repair. Nothing was changed.' : '');
  if (planned.length > 0) {
    context.print(can ? 'Nothing was changed. To do it, run the same command with --apply.' : 'Nothing was changed.');
  }
  context.printJson({ applied: false, plans: planned.map(({ plan, named }) => ({ ...plan, named })) });
}

/** @returns how it ended for each; what was refused without having been named is no failure, the plan has said so */
async function apply(
  context: CommandContext,
  temporal: TemporalAccess,
  planned: readonly PlannedRepair[],
): Promise<readonly RepairOutcome[]> {
  const outcomes: RepairOutcome[] = planned.flatMap(({ named, plan: { findingId, refused: reason } }) =>
    reason === undefined || !named ? [] : [{ findingId, outcome: 'refused' as const, done: [], reason }],
  );
  for (const input of repairInputs(planned)) {
    const running = runRepair(temporal.client, input, (now) => {
      context.progress(`${input.vm.vmName}: ${now}`);
    }).catch((error: unknown) => failedOutcomes(input, error));
    outcomes.push(...(await withProgress(context, `repairing ${repairedVm(input.vm)}`, running)));
  }
  context.print(planned.length === 0 ? 'Nothing to repair. Nothing was changed.' : '');
  for (const line of outcomeLines(outcomes)) context.print(line);
  context.printJson({ applied: true, plans: planned.map(({ plan, named }) => ({ ...plan, named })), outcomes });
  return outcomes;
}
