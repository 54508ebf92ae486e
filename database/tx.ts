import type { Transaction } from 'kysely';
import type { Tx } from './database';
import type { Tables } from './schema';

/** The opaque handle that activities pass on, and the Kysely transaction that it is. Only these two functions know. */
export function asTx(transaction: Transaction<Tables>): Tx {
  return transaction as unknown as Tx;
}

export function transactionOf(tx: Tx): Transaction<Tables> {
  return tx as unknown as Transaction<Tables>;
}
