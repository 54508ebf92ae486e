import { setTimeout as pause } from 'node:timers/promises';
import { Kysely, MysqlDialect, type Transaction } from 'kysely';
import { type AdoptedOperations, makeAdoptedOperations } from './adopted-operations';
import { type ApplianceSlots, makeApplianceSlots } from './appliance-slots';
import { type CopyProgressRows, makeCopyProgress } from './copy-progress';
import type { Database } from './database';
import { parseDatabaseUrl } from './database-url';
import { type DeviceMappings, makeDeviceMappings } from './device-mappings';
import { DatabaseUnavailableError } from './errors';
import { type Failovers, makeFailovers } from './failovers';
import { ClaimLostError, type Fence } from './fence';
import { type MappingHistory, makeMappingHistory } from './mapping-history';
import { type NbdExports, makeNbdExports } from './nbd-exports';
import { openPool } from './pool';
import { type RecoveryPoints, makeRecoveryPoints } from './recovery-points';
import { type ReplicationJobs, makeReplicationJobs } from './replication-jobs';
import { makeRunFigures, type RunFigures } from './run-figures';
import type { Tables } from './schema';
import { lockInShareMode, sourceVmColumns } from './sql-parts';
import { type TestVolumes, makeTestVolumes } from './test-volumes';
import { asTx } from './tx';
import { type VmClaims, makeVmClaims } from './vm-claims';
import { type VmDisks, makeVmDisks } from './vm-disks';
import { type VmOperations, makeVmOperations } from './vm-operations';
import { type VolumeOperations, makeVolumeOperations } from './volume-operations';
import { type Volumes, makeVolumes } from './volumes';

/** Everything that the database offers: its transactions, and one repository for each group of tables. */
export interface Repositories {
  readonly database: Database;
  readonly claims: VmClaims;
  readonly operations: VolumeOperations;
  /** what the older installation left failed or unfinished */
  readonly adoptedOperations: AdoptedOperations;
  readonly volumes: Volumes;
  readonly mappings: DeviceMappings;
  readonly mappingHistory: MappingHistory;
  readonly exports: NbdExports;
  readonly progress: CopyProgressRows;
  readonly slots: ApplianceSlots;
  readonly jobs: ReplicationJobs;
  readonly disks: VmDisks;
  readonly points: RecoveryPoints;
  readonly vmOperations: VmOperations;
  readonly testVolumes: TestVolumes;
  readonly failovers: Failovers;
  /** what the metrics show of runs and leftovers */
  readonly runFigures: () => Promise<RunFigures>;
}

export interface DatabaseOptions {
  /** `mysql://user@host:port/database` */
  readonly url: string;
  /** used instead of one in the URL */
  readonly password?: string;
  /** connections at most (10 when not given) */
  readonly poolSize?: number;
  /** how long one statement may take before the server counts as unreachable, in milliseconds (30,000 when not given) */
  readonly statementTimeout?: number;
  /** told when a transaction is repeated; a pino logger fits */
  readonly logger?: { debug(fields: object, message: string): void };
}

/** Tries of a transaction that meets a deadlock or a lock wait time-out. */
const TRIES = 3;

/**
 * Opens the database. Nothing is connected yet: the first query does, and throws DatabaseUnavailableError (retryable) when it
 * cannot; so may every later one.
 *
 * @throws DatabaseUrlError
 */
export function openDatabase(options: DatabaseOptions): Repositories {
  const address = parseDatabaseUrl(options.url, options.password);
  const pool = { size: options.poolSize ?? 10, statementTimeout: options.statementTimeout ?? 30_000 };
  const db = new Kysely<Tables>({
    dialect: new MysqlDialect({ pool: () => Promise.resolve(openPool(address, pool)) }),
  });

  async function transaction<T>(work: (trx: Transaction<Tables>) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await db.transaction().setIsolationLevel('read committed').execute(work);
      } catch (error) {
        const busy = error instanceof DatabaseUnavailableError && error.kind === 'busy';
        if (!busy || attempt === TRIES) throw error;
        options.logger?.debug({ attempt, reason: error.reason }, 'transaction is repeated');
        await pause(Math.random() * 50 * attempt);
      }
    }
  }

  return {
    database: {
      fenced: (fence, work) =>
        transaction(async (trx) => await work(asTx(trx), { epoch: await proveClaim(trx, fence) })),
      transaction: (work) => transaction((trx) => work(asTx(trx))),
      close: () => db.destroy(),
    },
    claims: makeVmClaims(db),
    operations: makeVolumeOperations(db),
    adoptedOperations: makeAdoptedOperations(db),
    volumes: makeVolumes(db),
    mappings: makeDeviceMappings(db),
    mappingHistory: makeMappingHistory(db),
    exports: makeNbdExports(db),
    progress: makeCopyProgress(db),
    slots: makeApplianceSlots(db),
    jobs: makeReplicationJobs(db),
    disks: makeVmDisks(db),
    points: makeRecoveryPoints(db),
    vmOperations: makeVmOperations(db),
    testVolumes: makeTestVolumes(db),
    failovers: makeFailovers(db),
    runFigures: makeRunFigures(db),
  };
}

/**
 * Shares a lock on the claim's row until the transaction ends, so that nobody takes the VM over between the look and the commit.
 * A test whose sandbox is up holds its own place beside the VM's holder.
 */
async function proveClaim(trx: Transaction<Tables>, fence: Fence): Promise<number> {
  const row = await trx
    .selectFrom('vm_claims')
    .select(['workflow_id', 'run_id', 'epoch'])
    .where((eb) => eb.and(sourceVmColumns(fence)))
    .modifyEnd(lockInShareMode)
    .executeTakeFirst();
  if (row?.workflow_id === fence.workflowId && row.run_id === fence.runId) return row.epoch;
  const test = await trx
    .selectFrom('vm_test_claims')
    .select('epoch')
    .where((eb) => eb.and({ ...sourceVmColumns(fence), workflow_id: fence.workflowId, run_id: fence.runId }))
    .modifyEnd(lockInShareMode)
    .executeTakeFirst();
  if (test !== undefined) return test.epoch;
  const holder =
    row === undefined || row.workflow_id === null || row.run_id === null
      ? undefined
      : { workflowId: row.workflow_id, runId: row.run_id };
  throw new ClaimLostError(fence, holder, row?.epoch ?? 0);
}
