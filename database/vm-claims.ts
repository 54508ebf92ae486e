import type { Kysely, Selectable } from 'kysely';
import { z } from 'zod';
import type { SourceVmKey } from '../domain/names';
import type { Tx } from './database';
import { readValue } from './row-json';
import type { Tables } from './schema';
import { now, sourceVmColumns } from './sql-parts';
import { transactionOf } from './tx';

const claimKindSchema = z.enum(['replication', 'release', 'failover', 'failback', 'revert', 'repair']);
export type ClaimKind = z.output<typeof claimKindSchema>;

export interface VmClaim {
  readonly kind: ClaimKind;
  readonly workflowId: string;
  readonly runId: string;
  readonly epoch: number;
  readonly since: string;
}

/** One row per source VM; the row stays when nobody holds it, so that the epoch only grows. Written by nobody else. */
export interface VmClaims {
  /** The holder, or undefined when the VM is free or unknown. */
  holder(vm: SourceVmKey): Promise<VmClaim | undefined>;
  /**
   * Takes a free VM, or finds it held by this very run already. `replaces` is the run id of a holder that is known to be closed:
   * the claim is taken over from exactly that run, with a higher epoch.
   */
  take(
    tx: Tx,
    vm: SourceVmKey,
    claim: { kind: VmClaim['kind']; workflowId: string; runId: string; replaces?: string },
  ): Promise<{ outcome: 'taken'; epoch: number } | { outcome: 'held'; holder: VmClaim }>;
  /** Gives the VM free if this run holds it; true when it did. */
  release(tx: Tx, vm: SourceVmKey, runId: string): Promise<boolean>;

  /**
   * The test that has a sandbox of the VM, beside whoever holds the VM.
   *
   * @param tx - to see it behind a lock that the transaction holds
   */
  testHolder(vm: SourceVmKey, tx?: Tx): Promise<TestClaim | undefined>;
  /** {@link take} of the place that a test has beside the VM's holder. */
  takeTest(
    tx: Tx,
    vm: SourceVmKey,
    claim: { workflowId: string; runId: string; replaces?: string },
  ): Promise<{ outcome: 'taken'; epoch: number } | { outcome: 'held'; holder: TestClaim }>;
  /** Gives the test's place free if this run has it; true when it had. */
  releaseTest(tx: Tx, vm: SourceVmKey, runId: string): Promise<boolean>;
}

export type TestClaim = Omit<VmClaim, 'kind'>;

export function makeVmClaims(db: Kysely<Tables>): VmClaims {
  return {
    async holder(vm) {
      const row = await db
        .selectFrom('vm_claims')
        .selectAll()
        .where((eb) => eb.and(sourceVmColumns(vm)))
        .executeTakeFirst();
      return row === undefined ? undefined : claimOf(row);
    },

    async take(tx, vm, claim) {
      const trx = transactionOf(tx);
      // Makes the row or locks it: either way whoever comes second waits here until the first has committed.
      await trx
        .insertInto('vm_claims')
        .values({ ...sourceVmColumns(vm), kind: null, workflow_id: null, run_id: null, epoch: 0, since: null })
        .onDuplicateKeyUpdate((eb) => ({ epoch: eb.ref('vm_claims.epoch') }))
        .execute();
      const row = await trx
        .selectFrom('vm_claims')
        .selectAll()
        .where((eb) => eb.and(sourceVmColumns(vm)))
        .forUpdate()
        .executeTakeFirstOrThrow();
      const judged = judgeTake(claimOf(row), row.epoch, claim);
      if (judged.outcome !== 'free') return judged;
      const { epoch } = judged;
      await trx
        .updateTable('vm_claims')
        .set({ kind: claim.kind, workflow_id: claim.workflowId, run_id: claim.runId, epoch, since: now })
        .where((eb) => eb.and(sourceVmColumns(vm)))
        .execute();
      return { outcome: 'taken', epoch };
    },

    async release(tx, vm, runId) {
      const result = await transactionOf(tx)
        .updateTable('vm_claims')
        .set({ kind: null, workflow_id: null, run_id: null, since: null })
        .where((eb) => eb.and({ ...sourceVmColumns(vm), run_id: runId }))
        .executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },

    async testHolder(vm, tx) {
      const row = await (tx === undefined ? db : transactionOf(tx))
        .selectFrom('vm_test_claims')
        .selectAll()
        .where((eb) => eb.and(sourceVmColumns(vm)))
        .executeTakeFirst();
      return row === undefined ? undefined : testClaimOf(row);
    },

    async takeTest(tx, vm, claim) {
      const trx = transactionOf(tx);
      await trx
        .insertInto('vm_test_claims')
        .values({ ...sourceVmColumns(vm), workflow_id: null, run_id: null, epoch: 0, since: null })
        .onDuplicateKeyUpdate((eb) => ({ epoch: eb.ref('vm_test_claims.epoch') }))
        .execute();
      const row = await trx
        .selectFrom('vm_test_claims')
        .selectAll()
        .where((eb) => eb.and(sourceVmColumns(vm)))
        .forUpdate()
        .executeTakeFirstOrThrow();
      const judged = judgeTake(testClaimOf(row), row.epoch, claim);
      if (judged.outcome !== 'free') return judged;
      const { epoch } = judged;
      await trx
        .updateTable('vm_test_claims')
        .set({ workflow_id: claim.workflowId, run_id: claim.runId, epoch, since: now })
        .where((eb) => eb.and(sourceVmColumns(vm)))
        .execute();
      return { outcome: 'taken', epoch };
    },

    async releaseTest(tx, vm, runId) {
      const result = await transactionOf(tx)
        .updateTable('vm_test_claims')
        .set({ workflow_id: null, run_id: null, since: null })
        .where((eb) => eb.and({ ...sourceVmColumns(vm), run_id: runId }))
        .executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },
  };
}

/** What a run that asks for a place finds, behind the lock on its row: its own, somebody else's, or one to take with this epoch. */
function judgeTake<Holder extends TestClaim>(
  holder: Holder | undefined,
  epoch: number,
  asks: { readonly workflowId: string; readonly runId: string; readonly replaces?: string },
): { outcome: 'taken'; epoch: number } | { outcome: 'free'; epoch: number } | { outcome: 'held'; holder: Holder } {
  if (holder?.workflowId === asks.workflowId && holder.runId === asks.runId) {
    return { outcome: 'taken', epoch: holder.epoch };
  }
  if (holder !== undefined && holder.runId !== asks.replaces) return { outcome: 'held', holder };
  return { outcome: 'free', epoch: epoch + 1 };
}

function testClaimOf(row: Selectable<Tables['vm_test_claims']>): TestClaim | undefined {
  if (row.workflow_id === null || row.run_id === null || row.since === null) return undefined;
  return { workflowId: row.workflow_id, runId: row.run_id, epoch: row.epoch, since: row.since };
}

/** The holder that a row names, if it names one. */
function claimOf(row: Selectable<Tables['vm_claims']>): VmClaim | undefined {
  if (row.workflow_id === null || row.run_id === null || row.since === null) return undefined;
  return {
    kind: readValue('vm_claims', row.workflow_id, claimKindSchema, row.kind),
    workflowId: row.workflow_id,
    runId: row.run_id,
    epoch: row.epoch,
    since: row.since,
  };
}
