import { CancellationScope, allHandlersFinished, condition, workflowInfo } from '@temporalio/workflow';
import { failureRecord } from '../domain/failures';
import { sourceVmPath } from '../domain/names';
import { problemWords } from '../domain/problem-words';
import { describeProblems } from '../domain/request';
import type { ListReplicasOutput, VmRef } from '../domain/step-io';
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
  const { deleteVolumes, searchAttributes } = parsed.data;
  const vm: VmRef = { ...parsed.data.vm, firstRunId: workflowInfo().firstExecutionRunId };
  // A release that stopped half-way would leave the slots taken: it goes on to its end, or is abandoned.
  return await CancellationScope.nonCancellable(() => release(vm, new Set(deleteVolumes), searchAttributes));
}

async function release(
  vm: VmRef,
  deleteVolumes: ReadonlySet<string>,
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

  let replicas: ListReplicasOutput['replicas'];
  try {
    await activities.claimVm({ ...vm, kind: 'release' });
    ({ replicas } = await activities.listReplicas(vm));
  } catch (error) {
    throw closingFailure(failureOf(error, 'claimVm'));
  }
  const strangers = [...deleteVolumes].filter((id) => !replicas.some((replica) => replica.volumeId === id));
  if (strangers.length > 0) {
    await activities.endClaim(vm);
    const problems = `deleteVolumes names ${strangers.join(', ')}, not among the VM's volumes: ${replicas.map((replica) => replica.volumeId).join(', ') || 'it has none'}`;
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

  view.state.endedAt = new Date().toISOString();
  view.enter('released');
  const kept = view.state.disks.flatMap((disk) => disk.kept);
  const result: ReleaseResult = {
    state: 'released',
    disks: replicas.map(({ diskKey, volumeId }) => ({
      key: diskKey,
      volumeId,
      deleted: deleteVolumes.has(volumeId) && !kept.some((reason) => reason.includes(volumeId)),
    })),
    kept,
  };
  await recorder.end('released', { ...result }, undefined);
  await activities.endClaim(vm);
  await condition(allHandlersFinished);
  return result;
}

/** A release runs no forward step; only the alarm of its undos has a budget. */
const undoBudgets = {
  stepAttempts: 1,
  provisioningAttempts: 1,
  stepPause: '1s',
  provisioningPause: '1s',
  undoAttentionAfter: '1h',
} as const;
