import type { Database } from '../database/database';
import { RowMissingError } from '../database/errors';
import type { Failovers } from '../database/failovers';
import { recordFailoverInputSchema } from '../domain/failover-io';
import { finalFailoverPhases } from '../domain/failover-phases';
import { activity } from './activity';
import type { CurrentRun } from './activity-run';
import type { Effect } from './effect';
import type { FailoverMainActivities } from './queues';

/** What recordFailover needs. */
export interface RecordFailoverWork {
  readonly database: Pick<Database, 'transaction'>;
  readonly failovers: Failovers;
  readonly effect: Effect;
  readonly run: CurrentRun;
}

/**
 * recordFailover: the projection of a run in SQL, for people; Temporal's history decides. Not fenced, since it says what a run did
 * and not what holds. A run that was refused before it held the VM has no row.
 */
export function makeRecordFailover(work: RecordFailoverWork): FailoverMainActivities['recordFailover'] {
  return activity(
    'recordFailover',
    work.run,
    recordFailoverInputSchema,
    (vm) => vm,
    async ({ firstRunId, phase, reason, failure, result, failoverVmId, pointId, leaseUntil }) => {
      const failed = failure === undefined ? {} : { failure };
      const ids = {
        ...(failoverVmId === undefined ? {} : { failoverVmId }),
        ...(pointId === undefined ? {} : { pointId }),
        ...(leaseUntil === undefined ? {} : { leaseUntil }),
      };
      try {
        await work.effect('recordFailover.write', () =>
          work.database.transaction(async (tx) => {
            await work.failovers.update(tx, firstRunId, {
              phase,
              ...(reason === undefined ? {} : { reason }),
              ...failed,
              ...ids,
            });
            if (!finalFailoverPhases.has(phase)) return;
            const ended = result === undefined ? {} : { result: JSON.stringify(result) };
            await work.failovers.end(tx, firstRunId, { phase, ...ended, ...failed });
          }),
        );
      } catch (error) {
        if (!(error instanceof RowMissingError)) throw error;
      }
    },
  );
}
