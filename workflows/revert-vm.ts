import { CancellationScope } from '@temporalio/workflow';
import { devicePath } from '../domain/device-path';
import type { CommitRevertInput, PointSnapshot, Replica } from '../domain/failover-io';
import type { RevertRequest } from '../domain/failover-request';
import type { FailoverResult } from '../domain/failover-state';
import { failureRecord } from '../domain/failures';
import { allOrWorst } from './all-or-worst';
import { registerFailoverHandlers } from './failover-handlers';
import { FailoverRun } from './failover-run';
import type { VmDisk } from './failover-vm';
import { ATTEMPT } from './failover-vm';
import { StepFailed } from './failure-of';
import { holdUntilDone } from './hold';
import type { RevertVmInput } from './inputs';
import { revertVmInputSchema } from './inputs';
import { leaveAppliance } from './leave-appliance';
import { parsedInput } from './parsed-input';
import { restoreAll } from './restore-all';

/**
 * Back to a recovery point: volumes made from its snapshots take the places of the torn ones, which are kept. `revertSnapshot` is
 * not used: it would be gone with what is torn, and CloudStack refuses it here and there.
 *
 * ```
 * preflight → restoring → moving → returning ──commitRevert──→ returning (marked) → reverted
 *                                                                 ↓ cannot go on by itself
 *                                                                held → (retryNow | abandonLeftovers)
 * until commitRevert: a failure or a cancel → compensating: the former volumes are in their places again
 * ```
 */
export async function revertVm(input: RevertVmInput): Promise<FailoverResult> {
  const { request, requestDigest, searchAttributes } = parsedInput(revertVmInputSchema, input);
  const root = CancellationScope.current();
  return await CancellationScope.nonCancellable(async () => {
    const run = new FailoverRun({ kind: 'revert', request, requestDigest, searchAttributes });
    registerFailoverHandlers({ run });
    root.cancelRequested.catch(() => {
      run.requestStop();
    });
    return await revert(run, request);
  });
}

async function revert(run: FailoverRun, request: RevertRequest): Promise<FailoverResult> {
  const { view, control, ledger, activities } = run;
  let restored: readonly VmDisk[];
  try {
    restored = await control.forward(() => swap(run, request));
  } catch (error) {
    return await run.backOut(error);
  }
  ledger.forgive();
  view.state.pointOfNoReturn = 'passed';
  // The new volumes hold what counts: they are tagged and protected as those of any replica, and stay verified.
  const unmarked = await holdUntilDone(run, 'returning', async () => {
    const marked = restored.map(({ volume }) => {
      const input = { ...volume, keepsVerified: true };
      return ledger.attempt(volume.diskKey, 'beginCopy', () => activities.beginCopy(input));
    });
    allOrWorst(await Promise.allSettled(marked));
  });
  if (unmarked !== undefined) {
    const left = restored.map(
      ({ volume }) => `volume ${volume.volumeId} of disk ${String(volume.diskKey)}, unprotected`,
    );
    throw await run.abandoned(left, unmarked);
  }
  view.state.readyAt = new Date().toISOString();
  return await run.finish('reverted');
}

/** Everything that can be taken back, and commitRevert itself. */
async function swap(run: FailoverRun, request: RevertRequest): Promise<readonly VmDisk[]> {
  const { vm, view, control, ledger, activities } = run;
  await run.claim();
  const { point, replicas } = await run.plan({ from: request.to });
  if (point === undefined) {
    throw new StepFailed(undefined, failureRecord('internal', { where: 'planFailover', cause: 'no point' }));
  }
  const { snapshots, pointId } = point;
  await run.preflight({
    disks: snapshots.map(({ diskKey, boot, sizeBytes }) => ({ diskKey, boot, volumeBytes: sizeBytes })),
    newVolumes: snapshots.length,
    newSnapshots: 0,
  });
  const restored = await restoreAll(run, 'revert', request, point);

  view.enter('moving');
  const former = replicas.filter(({ diskKey }) => snapshots.some((snapshot) => snapshot.diskKey === diskKey));
  const left = former.map(({ diskKey, volumeId, volumeBytes }) =>
    leaveAppliance(activities, ledger, { ...vm, attempt: ATTEMPT, diskKey, volumeId, volumeBytes }),
  );
  allOrWorst(await Promise.allSettled(left));

  view.enter('returning');
  allOrWorst(await Promise.allSettled(restored.map((disk) => takePlace(run, disk))));
  await control.gate();
  control.seal();
  const disks = commitOf(restored, snapshots, former);
  await ledger.attempt('vm', 'commitRevert', () => activities.commitRevert({ ...vm, pointId, disks }));
  return restored;
}

/** A volume made from the point comes to the appliance; that it leaves again is owed. */
async function takePlace({ ledger, view, vm }: FailoverRun, { volume }: VmDisk): Promise<void> {
  const { diskKey, volumeId } = volume;
  const { cloudStackDeviceId } = await ledger.run(diskKey, 'attachVolume', volume);
  const { deviceNode } = await ledger.run(diskKey, 'resolveDevice', volume);
  await ledger.run(diskKey, 'mapDevice', { ...volume, deviceNode, cloudStackDeviceId });
  view.change(diskKey, { devicePath: devicePath(vm.applianceId, volumeId) });
}

function commitOf(
  restored: readonly VmDisk[],
  snapshots: readonly PointSnapshot[],
  former: readonly Replica[],
): CommitRevertInput['disks'] {
  return restored.map(({ boot, volume: { diskKey, volumeId } }) => {
    const snapshot = snapshots.find((each) => each.diskKey === diskKey);
    const replica = former.find((each) => each.diskKey === diskKey);
    return {
      diskKey,
      boot,
      oldVolumeId: replica?.volumeId ?? snapshot?.volumeId ?? volumeId,
      newVolumeId: volumeId,
      ...(snapshot?.hash === undefined ? {} : { hash: snapshot.hash }),
    };
  });
}
