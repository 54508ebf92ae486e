import path from 'node:path';
import { adoptCopy, adoptInPlace, assessOlder, assessWriters, type DatabaseAt } from '../../database/adopt/adopt';
import type { AdoptionPlan, AdoptionTerms } from '../../database/adopt/adoption-plan';
import type { OlderInstallation } from '../../database/adopt/older-rows';
import type { OlderWriter } from '../../database/adopt/older-writers';
import { planAdoption } from '../../database/adopt/plan-adoption';
import { failure } from '../../domain/failures';
import { loadConfiguration, type WorkerConfiguration } from '../../worker/config';
import { databaseAccess } from '../../worker/secrets';
import { adoptedLines, findingLines, planLines } from '../adopt-text';
import { translateAdoptionError } from '../adoption-failure';
import { requireConfigurationFile, type CommandContext } from '../command-context';
import { EndedWith } from '../ended-with';
import { listVolumesOfSites } from '../list-volumes-of-sites';
import { withProgress } from '../with-progress';
import { runRewrite, runUndo } from './adopt-back';

export interface AdoptOptions {
  readonly from?: string;
  readonly inPlace?: boolean;
  readonly apply?: boolean;
  readonly backup?: string;
  readonly rewritePaths?: boolean;
  readonly undo?: boolean;
  readonly site?: string;
  readonly source?: readonly string[];
  readonly leaveOut?: readonly string[];
  readonly withoutCloudstack?: boolean;
}

/** `diskferry adopt`: the assessment first; acts with `--apply` only, after a backup. */
export async function run(context: CommandContext, options: AdoptOptions): Promise<void> {
  const configuration = await loadConfiguration(requireConfigurationFile(context));
  const { url, password } = await databaseAccess(configuration, context.io.env);
  const ours: DatabaseAt = { url, ...(password !== undefined && { password }) };
  if (options.undo === true && options.rewritePaths !== true) {
    // The rights to drop and rename are the administrator's, not Diskferry's own account's.
    await runUndo(context, options.from === undefined ? ours : olderAt(context, options.from), options);
    return;
  }
  if (options.from === undefined) {
    if (options.rewritePaths !== true) throw usage('Give --from DATABASE_URL, --rewrite-paths or --undo');
    await runRewrite(context, ours, { undo: options.undo === true, apply: options.apply === true });
    return;
  }
  if (options.apply === true && options.backup === undefined) throw usage('--apply needs --backup FILE');
  await assessAndAdopt(context, configuration, ours, { ...options, from: options.from });
}

async function assessAndAdopt(
  context: CommandContext,
  configuration: WorkerConfiguration,
  ours: DatabaseAt,
  options: AdoptOptions & { readonly from: string },
): Promise<void> {
  const from = olderAt(context, options.from);
  const { older, database } = await translateAdoptionError(() => assessOlder(from));
  const volumes = [...older.mappings.map((row) => row.volume_uuid), ...older.volumes.map((row) => row.volume_id)];
  const listed =
    options.withoutCloudstack === true
      ? undefined
      : await withProgress(context, 'asking CloudStack for the volumes', listVolumesOfSites(configuration, volumes));
  const terms = termsOf(configuration, options, listed);
  const plan = planAdoption(older, terms);
  const writers = options.inPlace === true ? await translateAdoptionError(() => assessWriters(from, ours)) : [];
  show(context, database, older, plan, writers, options);
  if (blockedBy(plan, writers) > 0) {
    context.printJson({ database, plan, writers, applied: false });
    context.print('Nothing was changed. Settle what blocks, or leave it out by name with --leave-out.');
    throw new EndedWith(1);
  }
  if (options.apply !== true) {
    context.printJson({ database, plan, writers, applied: false });
    context.print('Nothing was changed. To do it, add --apply --backup FILE.');
    return;
  }
  const steps = {
    backup: path.resolve(options.backup ?? ''),
    onStep: (step: string) => context.progress(step),
    plan: (now: OlderInstallation) => {
      const again = planAdoption(now, terms);
      if (blockedBy(again, []) > 0)
        throw failure('adoption-refused', { cause: 'its rows have changed since they were assessed' });
      return again;
    },
  };
  const written = await translateAdoptionError(() =>
    options.inPlace === true ? adoptInPlace(from, ours, steps) : adoptCopy(from, ours, steps),
  );
  context.print();
  for (const line of adoptedLines(written)) context.print(line);
  context.print(
    'Now: diskferry migrate; start the workers; diskferry doctor. Then replicate each VM, with "overwrite": true in its request.',
  );
  context.print(`Backup: ${steps.backup}. The way back: diskferry adopt --undo --backup ANOTHER-FILE --apply`);
  context.printJson({ database, plan: written, writers, applied: true, backup: steps.backup });
}

/** A password does not belong on a command line, where everybody on the machine can read it. */
function olderAt(context: CommandContext, url: string): DatabaseAt {
  const secret = context.io.env['DISKFERRY_FROM_PASSWORD'];
  return { url, ...(secret !== undefined && secret !== '' && { password: secret }) };
}

function termsOf(
  configuration: WorkerConfiguration,
  options: AdoptOptions,
  listed: AdoptionTerms['listed'],
): AdoptionTerms {
  if (options.site !== undefined && !configuration.sites.has(options.site)) {
    throw failure('site-unknown', { site: options.site, configured: [...configuration.sites.keys()].join(', ') });
  }
  const sources = new Map<string, string>();
  for (const given of options.source ?? []) {
    const [host = '', id = ''] = given.split('=');
    if (host === '' || id === '') throw usage('--source is HOST=ID, such as vcenter.example.org=vcenter-qc');
    sources.set(host, id);
  }
  return {
    appliances: new Map(
      [...configuration.sites.values()].flatMap((site) =>
        [...site.appliances.keys()].map((id) => [id, site.name] as const),
      ),
    ),
    ...(options.site !== undefined && { site: options.site }),
    sources,
    leaveOut: new Set(options.leaveOut),
    rewritePaths: options.rewritePaths === true,
    listed,
  };
}

function blockedBy(plan: AdoptionPlan, writers: readonly OlderWriter[]): number {
  return plan.findings.filter(({ severity }) => severity === 'blocks').length + writers.length;
}

function show(
  context: CommandContext,
  database: string,
  older: OlderInstallation,
  plan: AdoptionPlan,
  writers: readonly OlderWriter[],
  options: AdoptOptions,
): void {
  context.print(`The older installation at ${database}:`);
  for (const line of planLines(older, plan)) context.print(line);
  context.print();
  for (const line of findingLines(plan.findings)) context.print(line);
  for (const { account, privileges, revoke } of writers) {
    context.print(`blocks   ${account} may still ${privileges.join(', ')}; stop the older daemon, then: ${revoke}`);
  }
  if (options.withoutCloudstack === true)
    context.print('note     CloudStack was not asked where the volumes are (--without-cloudstack)');
}

function usage(problem: string): Error {
  return failure('usage', { problem, command: 'diskferry adopt' });
}
