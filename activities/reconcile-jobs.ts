import type { Database } from '../database/database';
import type { FailoverRun, Failovers } from '../database/failovers';
import type { ReplicationJob, ReplicationJobs } from '../database/replication-jobs';
import { failoverPhaseSchema, finalFailoverPhases, type FailoverPhase } from '../domain/failover-phases';
import { failureRecord, type FailureRecord } from '../domain/failures';
import { sourceVmPath } from '../domain/names';
import { finalPhases, type Phase, phaseSchema } from '../domain/phases';
import { type ReconcileJobsOutput, reconcileSiteInputSchema, type RunEnd } from '../domain/reconcile-io';
import { z } from 'zod';
import { activity } from './activity';
import type { CurrentRun } from './activity-run';
import type { Effect } from './effect';
import type { Log } from './log';
import type { ReconcileActivities } from './queues';

/** What reconcileJobs needs. */
export interface ReconcileWork {
  readonly database: Pick<Database, 'transaction'>;
  readonly jobs: Pick<ReplicationJobs, 'open' | 'end'>;
  readonly failovers: Pick<Failovers, 'open' | 'end'>;
  /** How the chain of runs that began with this run ended; undefined while it goes on. Throws when Temporal does not answer. */
  readonly endOfRun: (workflowId: string, firstRunId: string) => Promise<RunEnd | undefined>;
  readonly effect: Effect;
  readonly run: CurrentRun;
  readonly log: Log;
  /** told when a site was looked through */
  readonly reconciled?: (site: string, corrected: number) => void;
}

type Row = Pick<
  ReplicationJob | FailoverRun,
  'workflowId' | 'firstRunId' | 'phase' | 'site' | 'sourceId' | 'sourceVmId'
>;

/**
 * reconcileJobs: rows of the job tables that say a run goes on, though Temporal knows that it has ended (terminated, timed out, gone
 * with Temporal's data), are ended with the reason (design §4 "Afterwards"). Only these rows are written: claims, volumes and mappings
 * stay as they are, for doctor and for the next run of the VM. A run that ends while this looks has written its own end by then, and a
 * row that has ended stays as it is.
 */
export function makeReconcileJobs(work: ReconcileWork): ReconcileActivities['reconcileJobs'] {
  return activity(
    'reconcileJobs',
    work.run,
    reconcileSiteInputSchema,
    ({ site }) => ({ site, applianceId: '?' }),
    async ({ site }, run) => {
      const [jobs, failovers] = await Promise.all([work.jobs.open(site), work.failovers.open(site)]);
      const corrected: ReconcileJobsOutput['corrected'] = [];
      const correct = async (row: Row, end: (found: RunEnd, failure: FailureRecord) => Promise<string>) => {
        run.signal.throwIfAborted();
        const { workflowId, firstRunId, phase: was } = row;
        const found = await work.endOfRun(workflowId, firstRunId);
        if (found === undefined) return;
        const failure = failureOfEnd(row, found);
        const phase = await work.effect('reconcileJobs.end', () => end(found, failure));
        const correction = { workflowId, firstRunId, was, phase, reason: failure.message };
        work.log.warn(correction, 'The job table was corrected: its run had ended');
        corrected.push(correction);
      };
      for (const job of jobs) {
        await correct(job, async (found, failure) => {
          const phase = phaseOf(found, phaseSchema, finalPhases);
          await work.database.transaction((tx) => work.jobs.end(tx, job.firstRunId, endOf(phase, found, failure)));
          return phase;
        });
      }
      for (const failover of failovers) {
        await correct(failover, async (found, failure) => {
          const phase = phaseOf(found, failoverPhaseSchema, finalFailoverPhases);
          await work.database.transaction((tx) =>
            work.failovers.end(tx, failover.firstRunId, endOf(phase, found, failure)),
          );
          return phase;
        });
      }
      work.reconciled?.(site, corrected.length);
      return { looked: jobs.length + failovers.length, corrected } satisfies ReconcileJobsOutput;
    },
  );
}

/** What a completed run says of itself; every other end leaves whatever it had made: that is what `abandoned` means. */
function phaseOf<P extends Phase | FailoverPhase>(
  { how, result }: RunEnd,
  schema: z.ZodType<P>,
  final: ReadonlySet<P>,
): P | 'abandoned' {
  if (how !== 'completed') return 'abandoned';
  const state = z.object({ state: schema }).safeParse(result).data?.state;
  return state !== undefined && final.has(state) ? state : 'abandoned';
}

function endOf<P>(
  phase: P,
  { result }: RunEnd,
  failure: FailureRecord,
): { phase: P; result?: string; failure?: FailureRecord } {
  return phase === 'abandoned'
    ? { phase, failure }
    : { phase, ...(result !== undefined && { result: JSON.stringify(result) }) };
}

function failureOfEnd(row: Row, { how, cause }: RunEnd): FailureRecord {
  return failureRecord('run-ended', {
    vm: sourceVmPath(row),
    workflowId: row.workflowId,
    runId: row.firstRunId,
    phase: row.phase,
    how: cause === undefined ? how : `${how}: ${cause}`,
    site: row.site,
  });
}
