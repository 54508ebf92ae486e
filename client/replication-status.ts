import type { Client } from '@temporalio/client';
import type { CopyProgress } from '../database/copy-progress';
import type { LiveFailover } from '../database/failovers';
import type { RecoveryPoint } from '../database/recovery-points';
import type { ReplicationJob } from '../database/replication-jobs';
import { failure } from '../domain/failures';
import { sourceVmPath, type SourceVmKey } from '../domain/names';
import type { ReplicationState } from '../domain/replication-state';
import { pendingActivities, type PendingActivity } from './pending-activities';
import { recordedReplicas, type RecordedReplicas, type ReplicaRecord } from './recorded-replicas';
import type { ReplicationRecords } from './replication-records';
import { findUnpolledQueues, part, stateOf, unlessNotFound, valueOf, type Part } from './status-parts';

/**
 * What is known of a replication, from three places that fail apart from one another: the workflow itself, Temporal's
 * server, the database.
 */
export interface ReplicationStatus {
  readonly vm: SourceVmKey;
  readonly workflowId: string;
  readonly runId?: string;
  /** Temporal's word: RUNNING, COMPLETED, FAILED, TERMINATED, … */
  readonly execution?: string;
  /** the workflow's own state */
  readonly workflow?: ReplicationState;
  /** what the database recorded of the run; shown where the workflow does not answer */
  readonly job?: ReplicationJob;
  readonly pending: readonly PendingActivity[];
  readonly progress: readonly (CopyProgress & { readonly diskKey: number })[];
  /** the volumes that the VM has, by disk key, and what may be done with them */
  readonly replicas: readonly ReplicaRecord[];
  /** the latest complete recovery point */
  readonly latestPoint?: RecoveryPoint;
  /** where the VM is failed over to now: it is not replicated meanwhile */
  readonly live?: LiveFailover;
  /** what could not be found out, or is waited for, in sentences */
  readonly missing: readonly string[];
}

/** The parts, each asked on its own, before they are merged. */
export interface StatusParts {
  readonly vm: SourceVmKey;
  readonly workflowId: string;
  /** false where no configuration names a database; then it cannot know better than Temporal */
  readonly hasDatabase: boolean;
  readonly description: Part<{ runId: string; execution: string; pending: readonly PendingActivity[] } | undefined>;
  readonly workflow: Part<ReplicationState | undefined>;
  readonly job: Part<ReplicationJob | undefined>;
  readonly progress: Part<ReplicationStatus['progress']>;
  readonly replicas: Part<RecordedReplicas>;
  /** task queues that something waits on and that nobody polls */
  readonly unpolledQueues: readonly string[];
}

/**
 * Merges the parts; pure.
 *
 * @throws DiskferryFailure `vm-unknown` when Temporal and the database answered and neither knows the VM
 */
export function mergeStatus(parts: StatusParts): ReplicationStatus {
  const description = valueOf(parts.description);
  const workflow = valueOf(parts.workflow);
  const job = valueOf(parts.job);
  const recorded = valueOf(parts.replicas);
  const missing = [parts.description, parts.workflow, parts.job, parts.progress, parts.replicas].flatMap((part) =>
    'missing' in part ? [part.missing] : [],
  );
  const allAnswered = 'value' in parts.description && (!parts.hasDatabase || 'value' in parts.job);
  if (description === undefined && workflow === undefined && job === undefined && allAnswered) {
    throw failure('vm-unknown', { vm: sourceVmPath(parts.vm) });
  }
  return {
    vm: parts.vm,
    workflowId: parts.workflowId,
    ...(description !== undefined && { runId: description.runId, execution: description.execution }),
    ...(workflow !== undefined && { workflow }),
    ...(job !== undefined && { job }),
    pending: description?.pending ?? [],
    progress: valueOf(parts.progress) ?? [],
    replicas: recorded?.replicas ?? [],
    ...(recorded?.latestPoint !== undefined && { latestPoint: recorded.latestPoint }),
    ...(recorded?.live !== undefined && { live: recorded.live }),
    missing: [...parts.unpolledQueues.map((queue) => `no worker polls ${queue}`), ...missing],
  };
}

/** Asks all three places at once and merges what they say. Throws as {@link mergeStatus} does. */
export async function readStatus(
  temporal: Client,
  records: ReplicationRecords | undefined,
  vm: SourceVmKey,
  workflowId: string,
): Promise<ReplicationStatus> {
  const handle = temporal.workflow.getHandle(workflowId);
  const [described, workflow, job] = await Promise.all([
    part('Temporal does not answer', () => unlessNotFound(() => handle.describe())),
    part('the workflow does not answer', () => stateOf<ReplicationState>(temporal, workflowId)),
    part('the database does not answer', async () => {
      if (records === undefined) throw new Error('no configuration was given, so it was not asked');
      return await records.jobs.latestOfVm(vm);
    }),
  ]);
  const description = valueOf(described);
  const pending = description === undefined ? [] : await pendingActivities(temporal, description);
  const state = valueOf(workflow);
  const [progress, replicas, unpolledQueues] = await Promise.all([
    part("the copies' progress is not known", () => progressOf(records, state, valueOf(job)?.firstRunId)),
    part('the replicas are not known', () => recordedReplicas(records, vm)),
    findUnpolledQueues(temporal, vm.site, {
      description,
      pending,
      answers: state !== undefined,
      applianceId: state?.applianceId ?? valueOf(job)?.applianceId,
    }),
  ]);
  return mergeStatus({
    vm,
    workflowId,
    hasDatabase: records !== undefined,
    description:
      'missing' in described
        ? described
        : { value: description && { runId: description.runId, execution: description.status.name, pending } },
    workflow,
    job,
    progress,
    replicas,
    unpolledQueues,
  });
}

/** The copies' progress. A row of an earlier run stands there until this one's copy begins: it is not this one's progress. */
async function progressOf(
  records: ReplicationRecords | undefined,
  state: ReplicationState | undefined,
  firstRunId: string | undefined,
): Promise<ReplicationStatus['progress']> {
  if (records === undefined || state === undefined) return [];
  const rows = await Promise.all(
    state.disks.map(async ({ key, volumeId }) => {
      const row = volumeId === undefined ? undefined : await records.progress.get(volumeId);
      if (row === undefined || (firstRunId !== undefined && row.firstRunId !== firstRunId)) return [];
      return [{ ...row, diskKey: key }];
    }),
  );
  return rows.flat();
}
