import { setTimeout as sleep } from 'node:timers/promises';
import type { Player } from './player';
import type { Scene } from './scene';

const LOOK_EVERY_MS = 400;
/** Longer than any stage takes on a slow machine: an unattended demo must not wait for somebody for ever. */
const LONGEST_MS = 5 * 60_000;
/** Phases in which a run waits for a person; there is none. */
const needsSomebody: ReadonlySet<string> = new Set(['held', 'needs_attention', 'awaiting_confirmation']);

export interface Followed<S> {
  /** the workflow's state */
  readonly ask: () => Promise<S>;
  /** settles with the run */
  readonly end: Promise<unknown>;
  /** a state in which it has been followed far enough, before its end */
  readonly until?: (state: S) => boolean | Promise<boolean>;
  /** milliseconds between two looks; 400 when not given */
  readonly everyMs?: number;
  /** more to say about a state, once each time that it changes */
  readonly also?: (state: S) => Promise<string | undefined>;
}

/**
 * Says each phase of a run as it comes, until the run ends or is where it was meant to get.
 *
 * @returns the state in which `until` was true; undefined when the run ended without
 * @throws DiskferryFailure that ended the run, or `demo-failed` when it waits for a person or takes too long
 */
export async function followRun<S extends { readonly phase: string; readonly reason?: string | undefined }>(
  { narrator, expectations, signal }: Scene,
  { name }: Player,
  { ask, end, until, also, everyMs = LOOK_EVERY_MS }: Followed<S>,
): Promise<S | undefined> {
  const since = Date.now();
  const run = { ended: false };
  let said = '';
  const over = end.finally(() => (run.ended = true));
  over.catch(() => undefined);
  for (;;) {
    signal.throwIfAborted();
    // A worker with its hands full answers the next time; how the run ends is asked of the server.
    const state = await ask().catch(() => undefined);
    if (state !== undefined && !run.ended) {
      const more = await also?.(state);
      const text = `${state.phase}${more === undefined ? '' : ` ${more}`}`;
      narrator.phase(text, name);
      said = text;
      if ((await until?.(state)) === true) return state;
      const goesOn = !needsSomebody.has(state.phase);
      expectations.hold(
        'the demo needs nobody',
        goesOn,
        `${name} is ${state.phase}: ${state.reason ?? 'no reason given'}`,
      );
    }
    if (run.ended) {
      await over;
      return undefined;
    }
    expectations.hold('every run ends in time', Date.now() - since < LONGEST_MS, `${name} is still ${said}`);
    await Promise.race([sleep(everyMs), over.then(undefined, () => undefined)]);
  }
}
