import { CancellationScope, condition } from '@temporalio/workflow';
import type { UndoOutcome } from '../domain/undo-policy';
import type { StepShow } from './attempt-step';
import { Abandoned, failureOf } from './failure-of';
import type { RunControl } from './run-control';

const UNDO_PAUSE_MS = 1_000;
const UNDO_PAUSE_LIMIT_MS = 300_000;

/** How an undo ended, whichever undo it was. */
export type Proof = Pick<UndoOutcome, 'outcome' | 'reason'>;

export interface UndoTries {
  /** the name of the undo, for a failure that carries no record */
  readonly undo: string;
  readonly call: () => Promise<Proof>;
  readonly show: StepShow;
  readonly control: RunControl;
  /** how long it may fail, or say nothing, before it needs attention */
  readonly attentionAfterMs: number;
  /** called when the undo has failed for that long, and again when it goes on well */
  readonly attention: (needed: boolean) => void;
}

/**
 * Tries one undo until it is proven, with growing pauses that `retryNow` cuts short, however long that takes.
 *
 * @throws Abandoned when an operator gave the leftovers up
 */
export async function undoUntilProven({
  undo,
  call,
  show,
  control,
  attentionAfterMs,
  attention,
}: UndoTries): Promise<Proof> {
  const seen: { proven: boolean; alarmed: boolean } = { proven: false, alarmed: false };
  // The clock runs beside the undo: one that waits for ever on the server (unavailable) needs attention as well.
  const alarm = condition(() => seen.proven, attentionAfterMs).then((inTime) => {
    if (inTime) return;
    seen.alarmed = true;
    attention(true);
  });
  const scope = new CancellationScope();
  const givenUp = condition(() => seen.proven || control.abandoned()).then(() => {
    if (!seen.proven) scope.cancel();
  });
  try {
    for (let attempt = 1; ; attempt += 1) {
      show.begins(attempt);
      try {
        return await scope.run(call);
      } catch (error) {
        if (control.abandoned()) throw new Abandoned();
        show.fails(failureOf(error, undo));
        const pause = Math.min(UNDO_PAUSE_MS * 2 ** (attempt - 1), UNDO_PAUSE_LIMIT_MS);
        show.pauseBegins(pause);
        await control.pauseUndo(pause);
        show.pauseEnds();
        if (control.abandoned()) throw new Abandoned();
      }
    }
  } finally {
    seen.proven = true;
    show.leaves();
    await Promise.all([alarm, givenUp]);
    if (seen.alarmed && !control.abandoned()) attention(false);
  }
}
