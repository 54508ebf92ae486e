import type { Database } from '../database/database';
import { RowMissingError } from '../database/errors';
import type { ReplicationJobs } from '../database/replication-jobs';
import { finalPhases } from '../domain/phases';
import { recordPhaseInputSchema } from '../domain/step-io';
import { activity } from './activity';
import type { CurrentRun } from './activity-run';
import type { Effect } from './effect';
import type { MainActivities } from './queues';

/** What recordPhase needs. */
export interface RecordWork {
  readonly database: Pick<Database, 'transaction'>;
  readonly jobs: ReplicationJobs;
  readonly effect: Effect;
  readonly run: CurrentRun;
}

/**
 * recordPhase: the projection of a run in SQL, for people; Temporal's history decides. Not fenced, since it says what a run did and
 * not what holds. A run that has no row (a release) is none of the projection's.
 */
export function makeRecordPhase(work: RecordWork): MainActivities['recordPhase'] {
  return activity(
    'recordPhase',
    work.run,
    recordPhaseInputSchema,
    (vm) => vm,
    async ({ firstRunId, phase, reason, failure, result }) => {
      const failed = failure === undefined ? {} : { failure };
      const ended = result === undefined ? {} : { result: JSON.stringify(result) };
      try {
        await work.effect('recordPhase.write', () =>
          work.database.transaction((tx) =>
            finalPhases.has(phase)
              ? work.jobs.end(tx, firstRunId, { phase, ...ended, ...failed })
              : work.jobs.setPhase(tx, firstRunId, phase, reason, failure),
          ),
        );
      } catch (error) {
        if (!(error instanceof RowMissingError)) throw error;
      }
    },
  );
}
