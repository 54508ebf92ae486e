import type { Client } from '@temporalio/client';
import type { FailoverRun, LiveFailover } from '../database/failovers';
import type { RecoveryPoint } from '../database/recovery-points';
import type { FailoverState } from '../domain/failover-state';
import { failure } from '../domain/failures';
import { sourceVmPath, type SourceVmKey } from '../domain/names';
import type { FailoverRecords } from './failover-records';
import { pendingActivities, type PendingActivity } from './pending-activities';
import { findUnpolledQueues, part, stateOf, unlessNotFound, valueOf, type Part } from './status-parts';

/**
 * What is known of a VM's failover, failback or revert, from three places that fail apart from one another: the workflow
 * itself, Temporal's server, the database.
 */
export interface FailoverStatus {
  readonly vm: SourceVmKey;
  readonly workflowId: string;
  readonly runId?: string;
  /** Temporal's word: RUNNING, COMPLETED, FAILED, TERMINATED, … */
  readonly execution?: string;
  /** the workflow's own state */
  readonly workflow?: FailoverState;
  /** what the database recorded of the run; shown where the workflow does not answer */
  readonly run?: FailoverRun;
  /** where the VM is failed over to now */
  readonly live?: LiveFailover;
  /** recovery points that are there, the newest first */
  readonly points: readonly RecoveryPoint[];
  readonly pending: readonly PendingActivity[];
  /** what could not be found out, or is waited for, in sentences */
  readonly missing: readonly string[];
}

/** What the database knows of a VM's failovers. */
export interface RecordedFailover {
  readonly run: FailoverRun | undefined;
  readonly live: LiveFailover | undefined;
  readonly points: readonly RecoveryPoint[];
}

/** The parts, each asked on its own, before they are merged. */
export interface FailoverStatusParts {
  readonly vm: SourceVmKey;
  readonly workflowId: string;
  readonly description: Part<{ runId: string; execution: string; pending: readonly PendingActivity[] } | undefined>;
  readonly workflow: Part<FailoverState | undefined>;
  readonly recorded: Part<RecordedFailover>;
  /** task queues that something waits on and that nobody polls */
  readonly unpolledQueues: readonly string[];
}

/**
 * Merges the parts; pure.
 *
 * @throws DiskferryFailure `failover-unknown` when all who could know answered, and nobody knows of any
 */
export function mergeFailoverStatus(parts: FailoverStatusParts): FailoverStatus {
  const description = valueOf(parts.description);
  const workflow = valueOf(parts.workflow);
  const recorded = valueOf(parts.recorded);
  const missing = [parts.description, parts.workflow, parts.recorded].flatMap((one) =>
    'missing' in one ? [one.missing] : [],
  );
  const known = description ?? workflow ?? recorded?.run ?? recorded?.live ?? recorded?.points[0];
  if (known === undefined && 'value' in parts.description) {
    throw failure('failover-unknown', { vm: sourceVmPath(parts.vm) });
  }
  return {
    vm: parts.vm,
    workflowId: parts.workflowId,
    ...(description !== undefined && { runId: description.runId, execution: description.execution }),
    ...(workflow !== undefined && { workflow }),
    ...(recorded?.run !== undefined && { run: recorded.run }),
    ...(recorded?.live !== undefined && { live: recorded.live }),
    points: recorded?.points ?? [],
    pending: description?.pending ?? [],
    missing: [...parts.unpolledQueues.map((queue) => `no worker polls ${queue}`), ...missing],
  };
}

/** Asks all three places at once and merges what they say. Throws as {@link mergeFailoverStatus} does. */
export async function readFailoverStatus(
  temporal: Client,
  records: FailoverRecords | undefined,
  vm: SourceVmKey,
  workflowId: string,
): Promise<FailoverStatus> {
  const handle = temporal.workflow.getHandle(workflowId);
  const [described, workflow, recorded] = await Promise.all([
    part('Temporal does not answer', () => unlessNotFound(() => handle.describe())),
    part('the workflow does not answer', () => stateOf<FailoverState>(temporal, workflowId)),
    part('the database does not answer', async () => {
      if (records === undefined) throw new Error('no configuration was given, so it was not asked');
      return await recordedOf(records, vm);
    }),
  ]);
  const description = valueOf(described);
  const pending = description === undefined ? [] : await pendingActivities(temporal, description);
  const state = valueOf(workflow);
  return mergeFailoverStatus({
    vm,
    workflowId,
    description:
      'missing' in described
        ? described
        : { value: description && { runId: description.runId, execution: description.status.name, pending } },
    workflow,
    recorded,
    unpolledQueues: await findUnpolledQueues(temporal, vm.site, {
      description,
      pending,
      answers: state !== undefined,
      applianceId: state?.applianceId ?? valueOf(recorded)?.run?.applianceId,
    }),
  });
}

async function recordedOf(records: FailoverRecords, vm: SourceVmKey): Promise<RecordedFailover> {
  const [runs, live, points] = await Promise.all([
    // Newest first; another source may have a VM of the same id.
    records.failovers.list({ site: vm.site, sourceVmId: vm.sourceVmId }),
    records.failovers.liveOf(vm),
    records.points.ofVm(vm),
  ]);
  return { run: runs.find(({ sourceId }) => sourceId === vm.sourceId), live, points };
}
