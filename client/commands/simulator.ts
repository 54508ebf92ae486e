import { failure } from '../../domain/failures';
import { runSimulator, type RunOptions } from '../../simulator/main';
import { StateInUseError } from '../../simulator/state-lock';

/** `diskferry simulator`: until SIGINT or SIGTERM. Its `--state` is its own folder, not one of `diskferry up`. */
export async function run(options: RunOptions): Promise<void> {
  try {
    await runSimulator(options);
  } catch (error) {
    if (error instanceof StateInUseError) {
      const { directory, holder } = error;
      throw failure('stack-in-use', { directory, holder: holder ?? 'unknown' }, { cause: error });
    }
    if (!(error instanceof RangeError)) throw error;
    throw failure('usage', { problem: error.message, command: 'diskferry simulator' }, { cause: error });
  }
}
