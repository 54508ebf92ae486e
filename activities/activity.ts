import type { z } from 'zod';
import type { VmRef } from '../domain/step-io';
import type { ActivityRun, CurrentRun } from './activity-run';
import { translateError } from './translate-error';

/** A worker's activity is given to another after a silence of some 15 s; a call to CloudStack may take minutes. */
const HEARTBEAT_MS = 3_000;

/**
 * The frame of every activity: its input is parsed where it arrives, it heartbeats for as long as it works, and what it throws is a
 * failure of the one table. Cancellation passes through as it is, unless the outcome is known by then.
 *
 * @param vmOf - the source VM, or at least the site and appliance, that an input is about
 */
export function activity<Schema extends z.ZodType, Output>(
  name: string,
  currentRun: CurrentRun,
  schema: Schema,
  vmOf: (input: z.output<Schema>) => Pick<VmRef, 'site' | 'applianceId'>,
  act: (input: z.output<Schema>, run: ActivityRun) => Promise<Output>,
): (input: z.input<Schema>) => Promise<Output> {
  return async (raw) => {
    const run = currentRun();
    let place = { activity: name, site: '?', applianceId: '?' };
    const beat = setInterval(() => {
      run.heartbeat();
    }, HEARTBEAT_MS);
    try {
      run.heartbeat();
      const input = schema.parse(raw);
      const vm = vmOf(input);
      place = { ...place, site: vm.site, applianceId: vm.applianceId };
      return await act(input, run);
    } catch (error) {
      const translated = translateError(error, place);
      const { failureClass, code } = translated;
      // An error that only says "it was cut off" is the cancellation itself; one that says what happened is worth more.
      const cutOff = code === 'internal' || failureClass === 'unavailable' || failureClass === 'unknown';
      if (run.signal.aborted && cutOff) throw run.signal.reason;
      throw translated;
    } finally {
      clearInterval(beat);
    }
  };
}
