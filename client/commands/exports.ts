import { requireConfigurationFile, type CommandContext } from '../command-context';
import { openRecords } from '../open-records';
import { showWatched, type WatchOptions } from '../show-watched';

/** `diskferry exports`: the NBD exports that stand now, by the database. */
export async function run(
  context: CommandContext,
  options: WatchOptions & { readonly appliance?: string },
): Promise<void> {
  const { exports, close } = await openRecords(requireConfigurationFile(context), context);
  const { appliance } = options;
  try {
    await showWatched(context, options, async () => {
      const found = await exports.list(appliance === undefined ? {} : { applianceId: appliance });
      const lines = found.flatMap(({ exportName, state, applianceId, deviceNode, ownerWorkflowId, createdAt }) => [
        `${exportName}  ${state}`,
        `  on     appliance ${applianceId}  since ${createdAt}`,
        `  node   ${deviceNode}`,
        `  for    ${ownerWorkflowId}`,
      ]);
      return { json: { exports: found }, lines: found.length === 0 ? ['Nothing is exported.'] : lines };
    });
  } finally {
    await close();
  }
}
