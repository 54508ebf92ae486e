import { migrate } from '../../database/migrate';
import { loadConfiguration } from '../../worker/config';
import { translateDatabaseError } from '../../worker/database-failure';
import { ensureSchedules, type ScheduledSite } from '../../worker/schedules';
import { databaseAccess } from '../../worker/secrets';
import { requireConfigurationFile, type CommandContext } from '../command-context';
import { connectTemporal, patiently, type TemporalAccess } from '../connect';
import { missingSearchAttributes, registerCommand, registerSearchAttributes } from '../../temporal/search-attributes';

/** `diskferry migrate`: the database's schema, then Temporal's search attributes or the command that registers them, and its schedules. */
export async function run(context: CommandContext): Promise<void> {
  const configuration = await loadConfiguration(requireConfigurationFile(context));
  const { url, password, shown } = await databaseAccess(configuration, context.io.env);
  const { applied } = await patiently(context, () =>
    translateDatabaseError(() =>
      migrate(url, {
        ...(password !== undefined && { password }),
        onProgress: ({ migration, state }) => {
          if (state === 'started') context.progress(`applying ${migration}`);
        },
      }),
    ),
  );
  context.print(
    applied.length === 0
      ? `${shown}: the schema is up to date`
      : `${shown}: applied ${applied.map((name) => name).join(', ')}`,
  );
  const { schedules, ...searchAttributes } = await withTemporal(context, [...configuration.sites.values()]);
  context.printJson({ database: shown, applied, searchAttributes, schedules });
}

interface TemporalSetUp {
  readonly registered: readonly string[];
  readonly command?: string;
  readonly reason?: string;
  /** schedules that were made or changed now */
  readonly schedules: readonly string[];
}

async function withTemporal(context: CommandContext, sites: readonly ScheduledSite[]): Promise<TemporalSetUp> {
  const temporal = await connectTemporal(context);
  try {
    const searchAttributes = await registerMissing(context, temporal);
    const schedules = await ensureSchedules(temporal.client, sites);
    context.print(
      schedules.length === 0
        ? `Temporal at ${temporal.address}: the schedules are there`
        : `Temporal at ${temporal.address}: made the schedules ${schedules.join(', ')}`,
    );
    return { ...searchAttributes, schedules };
  } finally {
    await temporal.close();
  }
}

async function registerMissing(
  context: CommandContext,
  temporal: TemporalAccess,
): Promise<Omit<TemporalSetUp, 'schedules'>> {
  const missing = await missingSearchAttributes(temporal.client);
  if (missing.length === 0) {
    context.print(`Temporal at ${temporal.address}: the search attributes are registered`);
    return { registered: [] };
  }
  try {
    await registerSearchAttributes(temporal.client, missing);
    context.print(`Temporal at ${temporal.address}: registered ${missing.join(', ')}`);
    return { registered: missing };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const command = registerCommand(temporal.client.options.namespace, missing);
    context.print(`Temporal at ${temporal.address} does not let us register search attributes (${reason}).`);
    context.print(`Diskferry works without them. To have them, run: ${command}`);
    return { registered: [], command, reason };
  }
}
