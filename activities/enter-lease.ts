import type { Database } from '../database/database';
import type { VmClaims } from '../database/vm-claims';
import { enterLeaseInputSchema } from '../domain/failover-io';
import { activity } from './activity';
import type { CurrentRun } from './activity-run';
import type { Effect } from './effect';
import { fenceOf } from './fence-of';
import type { Log } from './log';
import type { FailoverMainActivities } from './queues';
import { takeOrTakeOver } from './take-or-take-over';

/** What enterLease needs. */
export interface LeaseWork {
  readonly database: Pick<Database, 'fenced'>;
  readonly claims: VmClaims;
  readonly effect: Effect;
  readonly run: CurrentRun;
  readonly log: Log;
  readonly isRunClosed: (workflowId: string, runId: string) => Promise<boolean>;
}

/**
 * enterLease: the run of a test has its own place beside the VM's holder, and the VM is free for a replication: one transaction
 * exchanges the one claim for the other, so that the run is fenced without a gap.
 *
 * A place that a terminated test left is taken over; its sandbox is nobody's then, and doctor names it.
 */
export function makeEnterLease(work: LeaseWork): FailoverMainActivities['enterLease'] {
  return activity(
    'enterLease',
    work.run,
    enterLeaseInputSchema,
    (vm) => vm,
    async (vm, run) => {
      await takeOrTakeOver(work, vm, (replaces) =>
        work.effect('enterLease.take', () =>
          work.database.fenced(fenceOf(vm, run), async (tx) => {
            const taken = await work.claims.takeTest(tx, vm, {
              workflowId: run.workflowId,
              runId: run.runId,
              ...(replaces === undefined ? {} : { replaces }),
            });
            if (taken.outcome === 'taken') await work.claims.release(tx, vm, run.runId);
            return taken;
          }),
        ),
      );
    },
  );
}
