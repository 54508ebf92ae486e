import { failure } from '../../domain/failures';
import { milliseconds } from '../../domain/duration';
import { phaseSchema } from '../../domain/phases';
import type { CommandContext } from '../command-context';
import type { ListedReplication, ListFilter } from '../list-replications';
import { withSession } from '../session';
import { showWatched, type WatchOptions } from '../show-watched';
import { formatTable } from '../tables';

export interface ListOptions extends WatchOptions {
  readonly site?: string;
  readonly phase?: readonly string[];
  readonly needsAttention?: boolean;
  readonly olderThan?: string;
  readonly youngerThan?: string;
  readonly limit: number;
}

/** Phases in which nothing goes on before somebody decides. */
const WAITS_FOR_A_PERSON = ['held', 'needs_attention'];

/**
 * `diskferry list`
 *
 * @throws DiskferryFailure `usage` for a phase that there is none of, or one asked for without the database, which alone knows phases
 */
export async function run(context: CommandContext, options: ListOptions): Promise<void> {
  const phases = phasesOf(options);
  if (phases !== undefined && context.configurationFile === undefined) {
    throw failure('usage', {
      problem: 'Only the database knows phases: give --state DIR or --config FILE',
      command: 'diskferry list',
    });
  }
  await withSession(context, ({ replications }) =>
    showWatched(context, options, async () => {
      const runs = await replications.list({ ...filterOf(options), ...(phases !== undefined && { phases }) });
      return { json: { replications: runs }, lines: linesOf(runs, options) };
    }),
  );
}

function filterOf({ site, olderThan, youngerThan, limit }: ListOptions): ListFilter {
  const ago = (duration: string): string => new Date(Date.now() - milliseconds(duration)).toISOString();
  return {
    limit,
    ...(site !== undefined && { site }),
    ...(olderThan !== undefined && { startedBefore: ago(olderThan) }),
    ...(youngerThan !== undefined && { startedAfter: ago(youngerThan) }),
  };
}

function phasesOf({ phase, needsAttention }: ListOptions): readonly string[] | undefined {
  const unknown = phase?.find((name) => !phaseSchema.safeParse(name).success);
  if (unknown !== undefined) {
    throw failure('usage', {
      problem: `There is no phase ${unknown}; there are: ${phaseSchema.options.join(', ')}`,
      command: 'diskferry list',
    });
  }
  const wanted = [...(phase ?? []), ...(needsAttention === true ? WAITS_FOR_A_PERSON : [])];
  return wanted.length === 0 ? undefined : wanted;
}

function linesOf(runs: readonly ListedReplication[], options: ListOptions): string[] {
  if (runs.length === 0) {
    const { site, phase, needsAttention, olderThan, youngerThan } = options;
    const filtered = [site, phase, needsAttention, olderThan, youngerThan].some((filter) => filter !== undefined);
    return [
      filtered ? 'No replications are like that.' : 'No replications yet. Start one: diskferry replicate REQUEST.json',
    ];
  }
  const rows = runs.map((run) => [
    run.phase,
    run.startedAt.slice(0, 19).replace('T', ' '),
    run.vmName ?? '',
    `${run.site}/${run.sourceId}/${run.sourceVmId}`,
  ]);
  return [formatTable(['PHASE', 'STARTED (UTC)', 'NAME', 'VM'], rows, wide(rows))];
}

/** The VM's whole name must not be cut: it is what other commands take. */
function wide(rows: readonly (readonly string[])[]): number {
  return Math.max(80, ...rows.map((row) => row.reduce((sum, cell) => sum + cell.length + 2, 40)));
}
