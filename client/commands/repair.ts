import { failure } from '../../domain/failures';
import type { RepairOutcome } from '../../domain/repair-io';
import { loadConfiguration } from '../../worker/config';
import { type CommandContext, requireConfigurationFile } from '../command-context';
import type { TemporalAccess } from '../connect';
import { chosenSites, withTruths } from '../doctor-look';
import { EndedWith } from '../ended-with';
import { openRecords } from '../open-records';
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
  const open = wanted.length === 0 ? wanted : await withoutSettled(context, wanted);
  if (wanted.length > 0 && open.length === 0) return;
  const ended = await withTruths(context, configuration, sites, async (truths, temporal) => {
    const planned = planRepairs(truths, open);
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

/**
 * The names without those of the older installation's operations that a repair has closed: doctor does not find them any more. Says
 * what came of them. While the database cannot be read nothing is left out: doctor says so itself.
 */
async function withoutSettled(context: CommandContext, names: readonly string[]): Promise<readonly string[]> {
  const { operations, close } = await openRecords(requireConfigurationFile(context), context);
  try {
    const settled = await Promise.all(
      names.map(async (name) => {
        const id = name.toLowerCase().split('/').at(-1) ?? '';
        const found = await operations.adopted.get(id).catch(() => undefined);
        return found?.settledBecause === undefined ? undefined : { name, id, because: found.settledBecause };
      }),
    );
    const closed = settled.filter((one) => one !== undefined);
    for (const { id, because } of closed) {
      context.print(`Operation ${id} of the older installation is closed: ${because}. Nothing was changed.`);
    }
    if (closed.length === names.length) context.printJson({ applied: false, plans: [], closed });
    return names.filter((name) => !closed.some((one) => one.name === name));
  } finally {
    await close();
  }
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
