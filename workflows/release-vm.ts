import { CancellationScope, allHandlersFinished, condition, workflowInfo } from '@temporalio/workflow';
import { failureRecord } from '../domain/failures';
import { sourceVmPath } from '../domain/names';
import { problemWords } from '../domain/problem-words';
import { describeProblems } from '../domain/request';
import type { ListReplicasOutput, VmRef } from '../domain/step-io';
import type { RunActivities } from './activities';
import { activitiesOf } from './activities';
import { Abandoned, closingFailure, failureOf } from './failure-of';
import { registerHandlers } from './handlers';
import type { ReleaseVmInput } from './inputs';
import { releaseVmInputSchema } from './inputs';
import { newDisk } from './new-state';
import { PhaseRecorder } from './phase-recorder';
import { RunControl } from './run-control';
import { RunView } from './run-view';
import { UndoLedger } from './undo-ledger';
import { unwindToProof } from './unwind-to-proof';

export interface ReleaseResult {
  readonly state: 'released';
  readonly disks: readonly { readonly key: number; readonly volumeId: string; readonly deleted: boolean }[];
  /** what stays, and why */
  readonly kept: readonly string[];
}

/**
 * The replicas of a VM leave the appliance: export closed, mapping moved to the history, volume detached, device proven gone. The
 * volumes and their data stay, but for those that the operator named one by one. What is to be done is owed as a replication's
 * undos are, and unwound with the same discipline: to proof, or to `needs_attention`.
 */
export async function releaseVm(input: ReleaseVmInput): Promise<ReleaseResult> {
  const parsed = releaseVmInputSchema.safeParse(input, { error: problemWords });
  if (!parsed.success) {
    throw closingFailure(failureRecord('request-invalid', { problems: describeProblems(parsed.error).join('; ') }));
  }
  const { deleteVolumes, deletePoints, searchAttributes } = parsed.data;
  const vm: VmRef = { ...parsed.data.vm, firstRunId: workflowInfo().firstExecutionRunId };
  // A release that stopped half-way would leave the slots taken: it goes on to its end, or is abandoned.
  return await CancellationScope.nonCancellable(() =>
    release(vm, { deleteVolumes: new Set(deleteVolumes), deletePoints }, searchAttributes),
  );
}

async function release(
  vm: VmRef,
  { deleteVolumes, deletePoints }: { readonly deleteVolumes: ReadonlySet<string>; readonly deletePoints: boolean },
  searchAttributes: boolean,
): Promise<ReleaseResult> {
  const activities = activitiesOf(vm.site, vm.applianceId);
  const control = new RunControl();
  const recorder = new PhaseRecorder(activities, vm);
  const view = new RunView(
    {
      phase: 'preflight',
      site: vm.site,
      sourceId: vm.sourceId,
      sourceVmId: vm.sourceVmId,
      vmName: vm.vmName,
      applianceId: vm.applianceId,
      requestId: workflowInfo().firstExecutionRunId,
      provisioningAttempt: 1,
      disks: [],
      startedAt: workflowInfo().startTime.toISOString(),
      pauseWish: false,
      leftovers: [],
    },
    control,
    {
      searchAttributes,
      record: (phase, reason, failure) => {
        recorder.record(phase, reason, failure);
      },
    },
  );
  registerHandlers({ control, view });

  let there: ListReplicasOutput;
  try {
    await activities.claimVm({ ...vm, kind: 'release' });
    there = await activities.listReplicas(vm);
  } catch (error) {
    throw closingFailure(failureOf(error, 'claimVm'));
  }
  const { replicas, points = [] } = there;
  const ids = replicas.map((replica) => replica.volumeId);
  const strangers = [...deleteVolumes].filter((id) => !ids.includes(id));
  const staying = ids.filter((id) => !deleteVolumes.has(id));
  const problems =
    strangers.length > 0
      ? `deleteVolumes names ${strangers.join(', ')}, not among the VM's volumes: ${ids.join(', ') || 'it has none'}`
      : deletePoints && staying.length > 0
        ? `deletePoints is for a VM of which no volume stays; these are to stay: ${staying.join(', ')}`
        : undefined;
  if (problems !== undefined) {
    await activities.endClaim(vm);
    throw closingFailure(failureRecord('request-invalid', { problems }));
  }
  view.state.disks.push(
    ...replicas.map((replica) => ({
      ...newDisk(replica.diskKey, false, replica.volumeBytes),
      volumeId: replica.volumeId,
      volumeBytes: replica.volumeBytes,
    })),
  );

  const ledger = new UndoLedger(activities, control, view, undoBudgets);
  for (const { diskKey, volumeId, volumeBytes } of replicas) {
    const volume = { ...vm, attempt: 1, diskKey, volumeId, volumeBytes, mode: 'release' as const };
    // Owed in the order of the steps, so that unwinding runs them newest first.
    if (deleteVolumes.has(volumeId)) ledger.owe(diskKey, 'createVolume', volume);
    else view.disk(diskKey).kept.push(`disk ${String(diskKey)}: volume ${volumeId} is kept with its data`);
    ledger.owe(diskKey, 'attachVolume', volume);
    ledger.owe(diskKey, 'mapDevice', volume);
    ledger.owe(diskKey, 'openExport', volume);
  }

  try {
    await unwindToProof(ledger, view, 'compensate', 'releasing');
  } catch (error) {
    if (!(error instanceof Abandoned)) throw error;
    const record = failureRecord('abandoned', {
      vm: sourceVmPath(vm),
      leftovers: ledger.leftovers().join('; '),
      cause: view.state.lastFailure?.message ?? 'given up by an operator',
    });
    view.enter('abandoned');
    await recorder.end('abandoned', undefined, record);
    await activities.endClaim(vm);
    await condition(allHandlersFinished);
    throw closingFailure(record);
  }

  const keptOfDisks = view.state.disks.flatMap((disk) => disk.kept);
  const keptPoints = deletePoints
    ? await removePoints(activities, vm)
    : staying.length > 0
      ? []
      : points.map(({ pointId, takenAt }) => pointIsKept(vm, pointId, takenAt));
  view.state.endedAt = new Date().toISOString();
  view.enter('released');
  const result: ReleaseResult = {
    state: 'released',
    disks: replicas.map(({ diskKey, volumeId }) => ({
      key: diskKey,
      volumeId,
      deleted: deleteVolumes.has(volumeId) && !keptOfDisks.some((reason) => reason.includes(volumeId)),
    })),
    kept: [...keptOfDisks, ...keptPoints],
  };
  await recorder.end('released', { ...result }, undefined);
  await activities.endClaim(vm);
  await condition(allHandlersFinished);
  return result;
}

/** @returns what could not be removed, in words; nothing is tried here without end, since the same command can be given again */
async function removePoints(activities: RunActivities, vm: VmRef): Promise<readonly string[]> {
  try {
    return (await activities.prunePoints({ ...vm, which: 'all' })).left;
  } catch (error) {
    return [`recovery points could not be removed: ${failureOf(error, 'prunePoints').message}`];
  }
}

/** Snapshots outlive their volumes, and are all that is left of the VM's data then. */
function pointIsKept(vm: VmRef, pointId: string, takenAt: string): string {
  return `recovery point ${pointId} of ${takenAt} is kept; to remove it: diskferry release ${sourceVmPath(vm)} --delete-points`;
}

/** A release runs no forward step; only the alarm of its undos has a budget. */
const undoBudgets = {
  stepAttempts: 1,
  provisioningAttempts: 1,
  stepPause: '1s',
  provisioningPause: '1s',
  undoAttentionAfter: '1h',
} as const;
