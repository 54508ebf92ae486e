import { formatBytes } from '../../domain/sizes';
import { requireConfigurationFile, type CommandContext } from '../command-context';
import { openRecords } from '../open-records';

/** `diskferry mappings [--vm ID]`: needs the database only. */
export async function run(context: CommandContext, options: { vm?: string }): Promise<void> {
  const { records, close } = await openRecords(requireConfigurationFile(context), context);
  try {
    const mappings = await records.mappings.list(options.vm === undefined ? {} : { vmId: options.vm });
    context.printJson({ mappings });
    if (mappings.length === 0) context.print('Nothing is mapped.');
    for (const mapping of mappings) {
      // A device path alone is 84 characters long: one block per mapping fits where a table would not.
      context.print(mapping.devicePath);
      context.print(`  volume ${mapping.volumeId}  ${formatBytes(mapping.sizeBytes)}  ${mapping.role}`);
      context.print(`  node   ${mapping.deviceNode}  since ${mapping.createdAt}`);
    }
  } finally {
    await close();
  }
}
