import type { Database } from '../database/database';
import type { Failovers } from '../database/failovers';
import type { ReplicationJobs } from '../database/replication-jobs';
import { failureRecord } from '../domain/failures';
import { sourceVmPath } from '../domain/names';
import { endRecordInputSchema } from '../domain/repair-io';
import { activity } from './activity';
import type { CurrentRun } from './activity-run';
import type { Effect } from './effect';
import { fenceOf } from './fence-of';
import type { DoctorMainActivities } from './queues';

/** What endRecord needs. */
export interface EndRecordWork {
  readonly database: Pick<Database, 'fenced'>;
  readonly jobs: ReplicationJobs;
  readonly failovers: Failovers;
  readonly effect: Effect;
  readonly run: CurrentRun;
  readonly isRunClosed: (workflowId: string, runId: string) => Promise<boolean>;
}

/** Runs that one VM may have had. */
const ALL = 100_000;

/**
 * endRecord: the row of a run that is said to go on, though Temporal says that it has ended, is ended as abandoned: what the run left is
 * named by doctor from then on. Asked of Temporal once more, behind the claim.
 */
export function makeEndRecord(work: EndRecordWork): DoctorMainActivities['endRecord'] {
  return activity(
    'endRecord',
    work.run,
    endRecordInputSchema,
    (input) => input,
    async (input, run) => {
      const { ofRunId } = input;
      const vm = sourceVmPath(input);
      const job = (await work.jobs.list({ sourceVmId: input.sourceVmId, limit: ALL })).find(
        (row) => row.firstRunId === ofRunId,
      );
      const failover = await work.failovers.get(ofRunId);
      const row = job ?? failover;
      if (row === undefined || sourceVmPath(row) !== vm) return { done: `no row of run ${ofRunId} is there` };
      if (row.endedAt !== undefined) return { done: `run ${ofRunId} was recorded as ${row.phase} already` };
      if (!(await work.isRunClosed(row.workflowId, ofRunId)))
        return { done: `run ${ofRunId} goes on: nothing was changed` };
      const record = failureRecord('abandoned', {
        vm,
        leftovers: 'not known; diskferry doctor names them',
        cause: `its workflow ended while it was ${row.phase}`,
      });
      await work.effect('endRecord.end', () =>
        work.database.fenced(fenceOf(input, run), async (tx) => {
          if (job !== undefined) await work.jobs.end(tx, ofRunId, { phase: 'abandoned', failure: record });
          else await work.failovers.end(tx, ofRunId, { phase: 'abandoned', failure: record });
        }),
      );
      return { done: `run ${ofRunId} is recorded as abandoned` };
    },
  );
}
