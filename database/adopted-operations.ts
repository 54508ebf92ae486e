import type { Kysely, Selectable } from 'kysely';
import type { SourceVmKey } from '../domain/names';
import type { Tx } from './database';
import { RowMissingError } from './errors';
import type { Tables } from './schema';
import { now, sourceVmOf } from './sql-parts';
import { transactionOf } from './tx';

/**
 * An operation that the older installation left failed or unfinished. It stands in a table of its own, because no step, undo or look-up
 * may take it for one of ours: we never sent it, know no job of it, and nothing is owed for it. The adoption writes the rows
 * (adopt/write-adopted.ts); a repair settles them.
 */
export interface AdoptedOperation extends SourceVmKey {
  readonly id: string;
  readonly volumeId: string;
  /** what came of it, in words; undefined while nobody has looked */
  readonly settledBecause?: string;
}

export interface AdoptedOperations {
  get(id: string): Promise<AdoptedOperation | undefined>;
  /** Closes it; one that is closed already keeps its words. */
  settle(tx: Tx, id: string, because: string): Promise<void>;
}

export function makeAdoptedOperations(db: Kysely<Tables>): AdoptedOperations {
  const read = async (from: Kysely<Tables>, id: string): Promise<AdoptedOperation | undefined> => {
    const row = await from.selectFrom('adopted_operations').selectAll().where('id', '=', id).executeTakeFirst();
    return row === undefined ? undefined : operationOf(row);
  };
  return {
    get: (id) => read(db, id),
    async settle(tx, id, because) {
      const trx = transactionOf(tx);
      const result = await trx
        .updateTable('adopted_operations')
        .set({ settled_at: now, settled_because: because })
        .where('id', '=', id)
        .where('settled_at', 'is', null)
        .executeTakeFirst();
      if (result.numUpdatedRows === 0n && (await read(trx, id)) === undefined) {
        throw new RowMissingError('adopted_operations', id);
      }
    },
  };
}

function operationOf(row: Selectable<Tables['adopted_operations']>): AdoptedOperation {
  return {
    ...sourceVmOf(row),
    id: row.id,
    volumeId: row.volume_id,
    ...(row.settled_because === null ? {} : { settledBecause: row.settled_because }),
  };
}
