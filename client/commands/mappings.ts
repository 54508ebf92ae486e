import { failure } from '../../domain/failures';
import { formatBytes } from '../../domain/sizes';
import { requireConfigurationFile, type CommandContext } from '../command-context';
import { historyLines, nodeWords } from '../mapping-text';
import { openRecords } from '../open-records';

/** `diskferry mappings [--vm ID]` and `diskferry mappings --volume ID [--history]`: needs the database only. */
export async function run(
  context: CommandContext,
  options: { vm?: string; volume?: string; history?: boolean },
): Promise<void> {
  const { vm, volume, history = false } = options;
  if (history && (volume === undefined || vm !== undefined)) {
    throw failure('usage', {
      problem: '--history is of one volume: give --volume ID alone',
      command: 'diskferry mappings',
    });
  }
  const { records, failovers, close } = await openRecords(requireConfigurationFile(context), context);
  try {
    if (volume !== undefined && history) {
      const places = await failovers.mappingHistory.ofVolume(volume);
      context.printJson({ volume, places });
      if (places.length === 0) context.print(`Volume ${volume} was never mapped.`);
      for (const line of historyLines(places)) context.print(line);
      return;
    }
    const found = await records.mappings.list(vm === undefined ? {} : { vmId: vm });
    const mappings = volume === undefined ? found : found.filter(({ volumeId }) => volumeId === volume);
    context.printJson({ mappings });
    if (mappings.length === 0) context.print('Nothing is mapped.');
    for (const mapping of mappings) {
      // A device path alone is 84 characters long: one block per mapping fits where a table would not.
      context.print(mapping.devicePath);
      context.print(`  volume ${mapping.volumeId}  ${formatBytes(mapping.sizeBytes)}  ${mapping.role}`);
      context.print(`  node   ${mapping.deviceNode ?? nodeWords(mapping.role)}  since ${mapping.createdAt}`);
    }
  } finally {
    await close();
  }
}
