import path from 'node:path';
import { type RestorePlan, planRestore, restore } from '../../database/backup/restore';
import type { Busy } from '../../database/backup/who-runs';
import { loadConfiguration } from '../../worker/config';
import { type DatabaseAccess, databaseAccess } from '../../worker/secrets';
import { askFirst } from '../ask';
import { notQuiet, translateBackupError } from '../backup-failure';
import { requireConfigurationFile, type CommandContext } from '../command-context';
import { connectTemporal, patiently } from '../connect';
import { openRuns } from '../open-runs';
import { formatTable } from '../tables';
import { withProgress } from '../with-progress';

export interface RestoreCommandOptions {
  readonly from: string;
  readonly apply?: boolean;
  readonly trustVolumes?: boolean;
  readonly withoutTemporal?: boolean;
}

/** `diskferry restore --from FILE`: the plan first; acts with `--apply`, or when a person at the terminal says so. */
export async function run(context: CommandContext, options: RestoreCommandOptions): Promise<void> {
  const file = path.resolve(options.from);
  const configuration = await loadConfiguration(requireConfigurationFile(context));
  const access = await databaseAccess(configuration, context.io.env);
  const password = access.password === undefined ? {} : { password: access.password };
  const plan = await withProgress(
    context,
    `reading ${file}`,
    patiently(context, () => translateBackupError(() => planRestore(access.url, file, password))),
  );
  const runs = options.withoutTemporal === true ? [] : await runsOfTemporal(context);
  const busy = [...runs, ...plan.busy];
  showPlan(context, access, file, plan, busy, options);
  if (options.apply !== true && (context.json || context.io.ask === undefined)) {
    context.print();
    context.print('Nothing was changed. To do it, add --apply.');
    context.printJson({ file, plan: { ...plan, busy }, applied: false });
    return;
  }
  if (busy.length > 0) throw notQuiet(busy);
  if (options.apply !== true) await askFirst(context, `Replace all rows of ${access.shown} by those of ${file}?`);
  let table = 'tables';
  const trustVolumes = options.trustVolumes === true;
  const { doubts } = await withProgress(
    context,
    () => `writing ${table}`,
    translateBackupError(() =>
      restore(access.url, file, { ...password, trustVolumes, onTable: (name) => (table = name) }),
    ),
  );
  context.print();
  context.print(`${access.shown} holds the rows of ${file}; every table was read again and its checksum agrees.`);
  context.print(`  ${doubts.volumes} volumes count as holding data: no undo deletes them.`);
  context.print(
    trustVolumes
      ? '  What was verified counts as verified still (--trust-volumes).'
      : `  ${doubts.unverified} volumes count as not verified until their next replication, which copies them whole.`,
  );
  context.print(`  ${doubts.freed} claims of the time of the backup were given free.`);
  context.printJson({ file, plan: { ...plan, busy }, applied: true, doubts });
}

async function runsOfTemporal(context: CommandContext): Promise<Busy[]> {
  const temporal = await connectTemporal(context);
  try {
    const runs = await openRuns(temporal.client);
    return runs.map(({ workflowId, runId, startedAt }) => ({
      who: `${workflowId} (run ${runId})`,
      does: `runs in Temporal at ${temporal.address} since ${startedAt}`,
    }));
  } finally {
    await temporal.close();
  }
}

function showPlan(
  context: CommandContext,
  access: DatabaseAccess,
  file: string,
  plan: RestorePlan,
  busy: readonly Busy[],
  options: RestoreCommandOptions,
): void {
  const { header, rows } = plan.backup;
  context.print(`${file}: ${rows} rows, made at ${header.madeAt} from database ${header.database}; it is whole.`);
  context.print(`All rows of ${access.shown} are replaced by them, in one transaction:`);
  context.print();
  context.print(
    formatTable(
      ['TABLE', 'ROWS NOW', 'ROWS THEN'],
      plan.tables.map(({ table, rowsNow, rowsThen }) => [table, String(rowsNow), String(rowsThen)]),
    ),
  );
  context.print();
  if (busy.length === 0) context.print('Nobody works with the database.');
  else context.print('Before that these must end:');
  for (const { who, does } of busy) context.print(`  ${who} ${does}`);
  if (!plan.seesOthers) {
    context.print(
      'Connections of other accounts are not shown to this account (it lacks PROCESS); no run can begin meanwhile all the same.',
    );
  }
  if (options.withoutTemporal === true)
    context.print('Temporal was not asked which workflows run (--without-temporal).');
}
