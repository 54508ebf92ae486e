import type { UndoPolicy } from '../domain/undo-policy';
import type { BasePhase, RunView } from './run-view';
import type { UndoLedger } from './undo-ledger';

/**
 * Takes back what is owed, showing `needs_attention` with the exact leftovers for as long as an undo has failed for too long.
 *
 * @param phase - what the run shows while all goes well
 * @throws Abandoned when an operator gave the leftovers up; the run then shows `needs_attention` and the leftovers
 */
export async function unwindToProof(
  ledger: UndoLedger,
  view: RunView,
  policy: UndoPolicy,
  phase: BasePhase & ('compensating' | 'cancelling' | 'releasing'),
): Promise<void> {
  let alarms = 0;
  view.enter(phase);
  await ledger.unwind(policy, (needed) => {
    alarms += needed ? 1 : -1;
    view.state.leftovers = alarms > 0 ? ledger.leftovers() : [];
    view.enter(alarms > 0 ? 'needs_attention' : phase);
  });
}
