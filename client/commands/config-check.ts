import path from 'node:path';
import { loadConfiguration } from '../../worker/config';
import { commandWarnings } from '../../worker/command-warnings';
import { tryConnections } from '../../worker/connection-checks';
import { databaseAccess, secretFileWarnings, siteKeys } from '../../worker/secrets';
import { requireConfigurationFile, type CommandContext } from '../command-context';
import { EndedWith } from '../ended-with';
import { withProgress } from '../with-progress';

/**
 * `diskferry config check [FILE] [--connect]`: the file's fields, that its secrets can be read and who else can read them, and that the commands
 * of its hooks can be run here; with `--connect` also everything that it names, each with the next action. Exit code 1 when something is
 * wrong.
 */
export async function run(
  context: CommandContext,
  file: string | undefined,
  options: { readonly connect?: boolean } = {},
): Promise<void> {
  const configuration = await loadConfiguration(
    file === undefined ? requireConfigurationFile(context) : path.resolve(file),
  );
  const database = await databaseAccess(configuration, context.io.env);
  for (const site of configuration.sites.values()) await siteKeys(configuration, site);
  const warnings = [
    ...(await secretFileWarnings(configuration)),
    ...(await commandWarnings(configuration, context.io.env['PATH'])),
  ];
  const sites = [...configuration.sites.values()].map((site) => ({
    name: site.name,
    endpoint: site.endpoint,
    appliances: [...site.appliances.keys()],
    hooks: [...site.hooks.keys()],
  }));
  context.print(`${configuration.file} is good`);
  context.print(`  database ${database.shown}`);
  for (const site of sites) {
    context.print(`  site ${site.name}: ${site.endpoint}`);
    for (const appliance of site.appliances) context.print(`    appliance ${appliance}`);
    for (const hook of site.hooks) context.print(`    hook ${hook}`);
  }
  for (const warning of warnings) context.print(`  warning: ${warning}`);
  const connections =
    options.connect === true
      ? await withProgress(context, 'trying what it names', tryConnections(configuration, context.env))
      : undefined;
  for (const { name, ok, evidence, next } of connections ?? []) {
    context.print(`${ok ? 'good ' : 'WRONG'}  ${name}: ${evidence}`);
    if (next !== undefined) context.print(`       Next: ${next}`);
  }
  context.printJson({
    file: configuration.file,
    database: database.shown,
    sites,
    warnings,
    ...(connections !== undefined && { connections }),
  });
  if (connections?.some(({ ok }) => !ok) === true) throw new EndedWith(1);
}
