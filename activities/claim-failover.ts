import type { Clock } from '../cloudstack/clock';
import type { Database } from '../database/database';
import type { Failovers } from '../database/failovers';
import type { ClaimKind, VmClaims } from '../database/vm-claims';
import { type ClaimFailoverInput, claimFailoverInputSchema } from '../domain/failover-io';
import type { FailoverKind } from '../domain/failover-state';
import { failure } from '../domain/failures';
import { sourceVmPath } from '../domain/names';
import { activity } from './activity';
import type { ActivityRun, CurrentRun } from './activity-run';
import type { Effect } from './effect';
import type { Log } from './log';
import type { FailoverMainActivities } from './queues';
import { refuseFailedOver } from './refuse-failed-over';
import { claimedBy, type Taken, takeOrTakeOver } from './take-or-take-over';

/** What claimFailover needs. */
export interface ClaimFailoverWork {
  readonly database: Pick<Database, 'transaction'>;
  readonly claims: VmClaims;
  readonly failovers: Failovers;
  readonly clock: Pick<Clock, 'now'>;
  readonly effect: Effect;
  readonly run: CurrentRun;
  readonly log: Log;
  readonly isRunClosed: (workflowId: string, runId: string) => Promise<boolean>;
}

const claimKinds: Readonly<Record<FailoverKind, ClaimKind>> = {
  test: 'failover',
  live: 'failover',
  back: 'failback',
  revert: 'revert',
};

/**
 * claimFailover: this run holds the source VM alone, and stands in the table of failovers under its request id: both or neither.
 *
 * Whether the VM is failed over, and whether a test has a sandbox of it, is asked in the same transaction, behind the lock on the
 * claim: whoever did either held that claim until after it was recorded. A failback and a revert do not touch what a test works on.
 */
export function makeClaimFailover(work: ClaimFailoverWork): FailoverMainActivities['claimFailover'] {
  return activity(
    'claimFailover',
    work.run,
    claimFailoverInputSchema,
    (vm) => vm,
    async (vm, run) => {
      const endedTest = await endedTestOf(work, vm);
      return await takeOrTakeOver(work, vm, (replaces) => take(work, run, vm, replaces, endedTest));
    },
  );
}

/** The run that has a test's place although Temporal says that it is closed: it was terminated, and its place hinders nobody. */
async function endedTestOf(work: ClaimFailoverWork, vm: ClaimFailoverInput): Promise<string | undefined> {
  const test = await work.claims.testHolder(vm);
  if (test === undefined || !(await work.isRunClosed(test.workflowId, test.runId))) return undefined;
  return test.runId;
}

async function take(
  work: ClaimFailoverWork,
  run: ActivityRun,
  vm: ClaimFailoverInput,
  replaces: string | undefined,
  endedTest: string | undefined,
): Promise<Taken> {
  return await work.effect('claimFailover.take', () =>
    work.database.transaction(async (tx) => {
      const taken = await work.claims.take(tx, vm, {
        kind: claimKinds[vm.kind],
        workflowId: run.workflowId,
        runId: run.runId,
        ...(replaces === undefined ? {} : { replaces }),
      });
      if (taken.outcome === 'held') return taken;
      const live = await work.failovers.liveOf(vm, tx);
      if (vm.kind !== 'back') refuseFailedOver(vm, live);
      else if (live === undefined) throw failure('vm-not-failed-over', { vm: sourceVmPath(vm) });
      if (vm.kind === 'test' || vm.kind === 'live') {
        const test = await work.claims.testHolder(vm, tx);
        if (test !== undefined && test.runId !== run.runId && test.runId !== endedTest) throw claimedBy(vm, test);
      }
      const { requestId, requestDigest, failoverVmName } = vm;
      const started = await work.failovers.start(tx, {
        site: vm.site,
        sourceId: vm.sourceId,
        sourceVmId: vm.sourceVmId,
        firstRunId: vm.firstRunId,
        workflowId: run.workflowId,
        kind: vm.kind,
        vmName: vm.vmName,
        applianceId: vm.applianceId,
        requestId,
        requestDigest,
        startedAt: new Date(work.clock.now()).toISOString(),
        ...(failoverVmName === undefined ? {} : { failoverVmName }),
      });
      if (started.outcome !== 'conflict') return taken;
      const { other } = started;
      const differences = `it was the request of ${sourceVmPath(other)} (${other.kind}, run ${other.firstRunId}, ${other.phase})`;
      // Thrown inside, so that the claim is not taken either.
      throw failure('request-id-used', { requestId, vm: sourceVmPath(vm), differences });
    }),
  );
}
