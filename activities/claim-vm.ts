import type { Clock } from '../cloudstack/clock';
import type { Database } from '../database/database';
import type { Failovers } from '../database/failovers';
import type { ReplicationJobs } from '../database/replication-jobs';
import type { VmClaims } from '../database/vm-claims';
import { failure } from '../domain/failures';
import { sourceVmPath } from '../domain/names';
import { type ClaimVmInput, type ClaimVmOutput, claimVmInputSchema } from '../domain/step-io';
import { activity } from './activity';
import type { ActivityRun, CurrentRun } from './activity-run';
import type { Effect } from './effect';
import type { Log } from './log';
import type { MainActivities } from './queues';
import { refuseFailedOver } from './refuse-failed-over';
import { type Taken, takeOrTakeOver } from './take-or-take-over';

/** What claimVm needs. */
export interface ClaimWork {
  readonly database: Pick<Database, 'transaction'>;
  readonly claims: VmClaims;
  readonly jobs: ReplicationJobs;
  readonly failovers: Failovers;
  readonly clock: Pick<Clock, 'now'>;
  readonly effect: Effect;
  readonly run: CurrentRun;
  readonly log: Log;
  /** Whether Temporal says that this very run has ended (`describe`); one that it does not know any more has. */
  readonly isRunClosed: (workflowId: string, runId: string) => Promise<boolean>;
}

/**
 * claimVm: this run holds the source VM, and nobody else does: every effect after it is fenced by that row.
 *
 * Why the run id and not only the workflow id: a reset keeps the id of the first execution but changes the run's, so a workflow can
 * have an older run whose activities still act. A claim is taken over from exactly the run that Temporal says is closed, with a
 * higher epoch.
 */
export function makeClaimVm(work: ClaimWork): MainActivities['claimVm'] {
  return activity(
    'claimVm',
    work.run,
    claimVmInputSchema,
    (vm) => vm,
    async (vm, run) =>
      (await takeOrTakeOver(work, vm, (replaces) => take(work, run, vm, replaces))) satisfies ClaimVmOutput,
  );
}

/** Takes the claim and, for a replication, records the run under its request id: both or neither. */
async function take(work: ClaimWork, run: ActivityRun, vm: ClaimVmInput, replaces: string | undefined): Promise<Taken> {
  return await work.effect('claimVm.take', () =>
    work.database.transaction(async (tx) => {
      const taken = await work.claims.take(tx, vm, {
        kind: vm.kind,
        workflowId: run.workflowId,
        runId: run.runId,
        ...(replaces === undefined ? {} : { replaces }),
      });
      if (taken.outcome === 'held') return taken;
      // Behind the lock on the claim: whoever failed the VM over held it until after that was recorded.
      refuseFailedOver(vm, await work.failovers.liveOf(vm, tx));
      if (vm.kind !== 'replication') return taken;
      const { requestId, requestDigest } = vm;
      if (requestId === undefined || requestDigest === undefined) return taken;
      const started = await work.jobs.start(tx, {
        site: vm.site,
        sourceId: vm.sourceId,
        sourceVmId: vm.sourceVmId,
        firstRunId: vm.firstRunId,
        workflowId: run.workflowId,
        vmName: vm.vmName,
        applianceId: vm.applianceId,
        requestId,
        requestDigest,
        startedAt: new Date(work.clock.now()).toISOString(),
      });
      if (started.outcome !== 'conflict') return taken;
      const { other } = started;
      const differences = `it was the request of ${sourceVmPath(other)} (run ${other.firstRunId}, ${other.phase})`;
      // Thrown inside, so that the claim is not taken either.
      throw failure('request-id-used', { requestId, vm: sourceVmPath(vm), differences });
    }),
  );
}
