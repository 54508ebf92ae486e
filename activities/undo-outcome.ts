import type { FailoverUndoName } from '../domain/failover-steps';
import type { UndoName } from '../domain/steps';
import type { UndoOutcome } from '../domain/undo-policy';

type AnyUndo = UndoName | FailoverUndoName;
type Outcome<Undo extends AnyUndo> = Omit<UndoOutcome, 'undo'> & { readonly undo: Undo };

export function undone<Undo extends AnyUndo>(undo: Undo): Outcome<Undo> {
  return { undo, outcome: 'undone' };
}

export function nothingToUndo<Undo extends AnyUndo>(undo: Undo): Outcome<Undo> {
  return { undo, outcome: 'nothing-to-undo' };
}

/** @param reason - what is kept and why, as one sentence for people */
export function kept<Undo extends AnyUndo>(undo: Undo, reason: string): Outcome<Undo> {
  return { undo, outcome: 'kept', reason };
}
