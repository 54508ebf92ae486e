import type { VolumeOperation } from '../database/volume-operations';

/**
 * Whether a volume is attached as far as our own operations say: the last attach or detach that came true, and any that is not
 * final. For giving slots free where CloudStack is not asked; preflight asks it.
 *
 * @param operations - of one volume, oldest first
 */
export function believedAttached(operations: readonly VolumeOperation[]): boolean {
  const moves = operations.filter(({ kind }) => kind === 'attach' || kind === 'detach');
  if (moves.some(({ state }) => state === 'recorded')) return true;
  return moves.findLast(({ state }) => state === 'done')?.kind === 'attach';
}
