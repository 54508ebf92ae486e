import type { CloudStackError } from '../cloudstack/errors';
import { isCloudStackError, isRefusal } from '../cloudstack/errors';
import type { Fence } from '../database/fence';
import type { VolumeOperation } from '../database/volume-operations';
import type { VolumeWork } from './volume-work';

/** `closed`: the operation was ended by an undo or by another attempt meanwhile, and nothing was sent. */
export type Sent<T> =
  | { readonly outcome: 'sent'; readonly answer: T | undefined }
  | { readonly outcome: 'refused'; readonly error: CloudStackError }
  | { readonly outcome: 'closed' };

/**
 * Sends the one call of a recorded operation. `sent` without an answer: an earlier try arrived, CloudStack knows the chosen id.
 * A lost answer marks the operation doubtful before it is thrown: from then on a disk may appear that the listing does not show.
 *
 * @throws CloudStackError of kind unavailable, unauthorized or outcome-unknown
 */
export async function sendChange<T>(
  work: VolumeWork,
  fence: Fence,
  operation: VolumeOperation,
  effect: string,
  call: () => Promise<T>,
): Promise<Sent<T>> {
  const isOpen = async () => (await work.operations.get(operation.id))?.state === 'recorded';
  try {
    return await sendWhileOpen(work, isOpen, effect, call);
  } catch (error) {
    if (isCloudStackError(error, 'outcome-unknown')) {
      await work.database.fenced(fence, (tx) => work.operations.markDoubtful(tx, operation.id));
    }
    throw error;
  }
}

/** As {@link sendChange}, of any recorded operation, without a mark for a lost answer. */
export async function sendWhileOpen<T>(
  work: Pick<VolumeWork, 'effect'>,
  isOpen: () => Promise<boolean>,
  effect: string,
  call: () => Promise<T>,
): Promise<Sent<T>> {
  // Read as late as can be: an attempt that was slow, and given up, must not send what was taken back meanwhile.
  if (!(await isOpen())) return { outcome: 'closed' };
  try {
    return { outcome: 'sent', answer: await work.effect(effect, call) };
  } catch (error) {
    if (isCloudStackError(error, 'already-exists')) return { outcome: 'sent', answer: undefined };
    if (isRefusal(error)) return { outcome: 'refused', error };
    throw error;
  }
}
