import type { UndoName } from '../domain/steps';
import type { UndoOutcome } from '../domain/undo-policy';

export function undone(undo: UndoName): UndoOutcome {
  return { undo, outcome: 'undone' };
}

export function nothingToUndo(undo: UndoName): UndoOutcome {
  return { undo, outcome: 'nothing-to-undo' };
}

/** @param reason - what is kept and why, as one sentence for people */
export function kept(undo: UndoName, reason: string): UndoOutcome {
  return { undo, outcome: 'kept', reason };
}
