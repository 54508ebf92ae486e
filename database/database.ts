import type { Fence } from './fence';

/** One write transaction, handed to the repositories' writing methods. Opaque outside database/. */
export interface Tx {
  readonly __tx: never;
}

/**
 * The database as activities see it: one fenced transaction per effect, and the repositories. All times are UTC ISO strings,
 * all sizes bytes as safe integers.
 */
export interface Database {
  /**
   * Runs one effect's transaction: READ COMMITTED; first shares a lock on the claim row and compares workflow id and run id with
   * the fence, then runs `work`. Repeated by itself after a deadlock or lock wait time-out (3 tries).
   *
   * @throws ClaimLostError when somebody else, or nobody, holds the VM
   */
  fenced<T>(fence: Fence, work: (tx: Tx, claim: { readonly epoch: number }) => Promise<T>): Promise<T>;
  /** A transaction with no fence, for what no VM owns (taking claims, projections). */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}
