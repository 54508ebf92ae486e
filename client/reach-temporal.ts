import type { Truth } from '../doctor/truths';
import { DiskferryFailure } from '../domain/failures';
import type { CommandContext } from './command-context';
import { connectTemporal, type TemporalAccess } from './connect';

/** A command that has much else to look at says within seconds that Temporal does not answer. */
const PATIENCE_MS = 5_000;

/** Temporal, or a sentence that it does not answer. Throws what is no matter of reaching it, such as a wrong configuration. */
export async function reachTemporal(context: CommandContext): Promise<Truth<TemporalAccess>> {
  const patienceMs = Math.min(context.io.patienceMs, PATIENCE_MS);
  try {
    return { known: await connectTemporal({ ...context, io: { ...context.io, patienceMs } }) };
  } catch (error) {
    if (!(error instanceof DiskferryFailure) || error.code !== 'temporal-unavailable') throw error;
    return { unknown: error.message };
  }
}
