import { failure } from '../../domain/failures';
import { runSimulator, type RunOptions } from '../../simulator/main';

/** `diskferry simulator`: until SIGINT or SIGTERM. Its `--state` is its own folder, not one of `diskferry up`. */
export async function run(options: RunOptions): Promise<void> {
  try {
    await runSimulator(options);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw failure('usage', { problem: error.message, command: 'diskferry simulator' }, { cause: error });
  }
}
