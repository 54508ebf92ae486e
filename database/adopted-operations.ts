import type { Kysely, Selectable } from 'kysely';
import type { SourceVmKey } from '../domain/names';
import type { Tx } from './database';
import { RowMissingError } from './errors';
import type { Tables } from './schema';
import { now, sourceVmColumns, sourceVmOf } from './sql-parts';
import { transactionOf } from './tx';

/**
 * An operation that the older installation left failed or unfinished. It stands in a table of its own, because no step, undo or look-up
 * may take it for one of ours: we never sent it, know no job of it, and nothing is owed for it. The adoption writes the rows
 * (adopt/write-adopted.ts); a repair settles them.
 */
export interface AdoptedOperation extends SourceVmKey {
  readonly id: string;
  readonly volumeId: string;
  readonly diskKey: number;
  /** as the older system calls it, such as `attach` */
  readonly kind: string;
  /** as the older system left it: `failed`, `pending` or `executing` */
  readonly olderStatus: string;
  /** the older system's own words */
  readonly error?: string;
  /** when it was begun or ended, ISO; not every age of that schema tells */
  readonly olderAt?: string;
  /** what came of it, in words; undefined while nobody has looked */
  readonly settledBecause?: string;
}

export interface AdoptedOperations {
  get(id: string): Promise<AdoptedOperation | undefined>;
  /** Those of a VM, or all; settled ones too. */
  list(vm?: SourceVmKey): Promise<AdoptedOperation[]>;
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
    async list(vm) {
      const all = db.selectFrom('adopted_operations').selectAll().orderBy('id');
      const rows = await (vm === undefined ? all : all.where((eb) => eb.and(sourceVmColumns(vm)))).execute();
      return rows.map(operationOf);
    },
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
    diskKey: row.disk_key,
    kind: row.kind,
    olderStatus: row.older_status,
    ...(row.error === null ? {} : { error: row.error }),
    ...(row.older_at === null ? {} : { olderAt: row.older_at }),
    ...(row.settled_because === null ? {} : { settledBecause: row.settled_because }),
  };
}
