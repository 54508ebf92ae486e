import { knownOf, type Truth } from '../../doctor/truths';
import { DiskferryFailure, failure } from '../../domain/failures';
import type { SourceVmKey } from '../../domain/names';
import { redact } from '../../domain/redact';
import type { CommandContext } from '../command-context';
import type { TemporalAccess } from '../connect';
import type { Explanation } from '../explain/explanation';
import { explanationLines } from '../explain/explanation-text';
import { readExplanation } from '../explain/read-explanation';
import { findVm } from '../find-vm';
import { openRecords, type OpenRecords } from '../open-records';
import { reachTemporal } from '../reach-temporal';

/** Wider lines are hard to read, narrower ones have room for no uuid. */
const WIDTH = { least: 60, most: 120 };

/** `diskferry explain VM`: with what is left when Temporal, the workers or the database are down. */
export async function run(context: CommandContext, vmArgument: string): Promise<void> {
  const records =
    context.configurationFile === undefined ? undefined : await openRecords(context.configurationFile, context);
  try {
    const temporal = await reachTemporal(context);
    const access = knownOf(temporal);
    try {
      const vm = await vmOf(temporal, records, vmArgument);
      const explanation = redacted(await readExplanation(temporal, records, vm));
      const width = Math.min(WIDTH.most, Math.max(WIDTH.least, context.io.stdout.columns ?? 100));
      for (const line of explanationLines(explanation, width)) context.print(line);
      context.printJson(explanation);
    } finally {
      await access?.close();
    }
  } finally {
    await records?.close();
  }
}

async function vmOf(
  temporal: Truth<TemporalAccess>,
  records: OpenRecords | undefined,
  vmArgument: string,
): Promise<SourceVmKey> {
  try {
    return await findVm(knownOf(temporal)?.client, records?.records, vmArgument);
  } catch (error) {
    const unknown = error instanceof DiskferryFailure && error.code === 'vm-unknown';
    if (!unknown || 'known' in temporal) throw error;
    throw failure('nothing-known', { vm: vmArgument, cause: temporal.unknown }, { cause: error });
  }
}

/** Without the secrets that somebody else's words may hold. */
function redacted(explanation: Explanation): Explanation {
  const hide = <T>(value: T): T => {
    if (typeof value === 'string') return redact(value) as T;
    if (Array.isArray(value)) return value.map(hide) as T;
    if (value !== null && typeof value === 'object') {
      return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, hide(part)])) as T;
    }
    return value;
  };
  return hide(explanation);
}
