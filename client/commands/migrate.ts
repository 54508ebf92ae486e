import { migrate } from '../../database/migrate';
import { loadConfiguration } from '../../worker/config';
import { translateDatabaseError } from '../../worker/database-failure';
import { databaseAccess } from '../../worker/secrets';
import { requireConfigurationFile, type CommandContext } from '../command-context';
import { connectTemporal, patiently } from '../connect';
import { missingSearchAttributes, registerCommand, registerSearchAttributes } from '../search-attributes';

/** `diskferry migrate`: the database's schema, then Temporal's search attributes or the command that registers them. */
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
  const searchAttributes = await registerMissing(context);
  context.printJson({ database: shown, applied, searchAttributes });
}

async function registerMissing(
  context: CommandContext,
): Promise<{ registered: readonly string[]; command?: string; reason?: string }> {
  const temporal = await connectTemporal(context);
  try {
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
  } finally {
    await temporal.close();
  }
}
