import type { CallOptions } from './api';
import { isCloudStackError } from './errors';
import { listAll, type Listing } from './list-pages';
import type { RequestParameters } from './sign';
import type { SignedCalls } from './signed-calls';

/**
 * A list that may be asked by id. An id that CloudStack never knew is refused (431), one that it removed lists nothing: the same to
 * a caller.
 */
export async function listById<Item extends object>(
  calls: SignedCalls,
  listing: Listing<Item>,
  id: string | undefined,
  parameters: RequestParameters,
  options: CallOptions | undefined,
): Promise<Item[]> {
  try {
    return await listAll(calls, listing, parameters, options);
  } catch (error) {
    if (id !== undefined && isCloudStackError(error, 'not-found') && error.text.includes(id)) return [];
    throw error;
  }
}

/** A list that may be asked by several ids: one unknown of them refuses the whole, so they are asked one by one then. */
export async function listByIds<Item>(
  ids: readonly string[] | undefined,
  all: () => Promise<Item[]>,
  one: (id: string) => Promise<Item[]>,
): Promise<Item[]> {
  if (ids?.length === 0) return [];
  try {
    return await all();
  } catch (error) {
    if (ids === undefined || !isCloudStackError(error, 'not-found', 'gone')) throw error;
    return (await Promise.all(ids.map(one))).flat();
  }
}
