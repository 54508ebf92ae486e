import { CancellationScope } from '@temporalio/workflow';
import { devicePath } from '../domain/device-path';
import type { AttachToVmInput, FailoverVmRef } from '../domain/failover-io';
import type { FailoverResult } from '../domain/failover-state';
import { failureRecord } from '../domain/failures';
import { sourceVmPath } from '../domain/names';
import { allOrWorst } from './all-or-worst';
import { registerFailoverHandlers } from './failover-handlers';
import { FailoverRun } from './failover-run';
import type { VmDisk } from './failover-vm';
import { ATTEMPT, attachments } from './failover-vm';
import { StepFailed } from './failure-of';
import { holdUntilDone } from './hold';
import type { FailBackVmInput } from './inputs';
import { failBackVmInputSchema } from './inputs';
import { returnToAppliance } from './leave-appliance';
import { parsedInput } from './parsed-input';
import { prunePoints } from './prune-points';
import { takePoint } from './take-point';

interface OffTheVm {
  readonly made: FailoverVmRef;
  readonly disks: readonly VmDisk[];
}

/**
 * The way back from a live failover: what the failover VM wrote is given up, after it was snapshotted.
 *
 * ```
 * preflight → stopping → snapshotting → stopping ──no volume on the VM any more──→ stopping (remove) → returning → returned
 *                                                                                    ↓ cannot go on by itself
 *                                                                                   held → (retryNow | abandonLeftovers)
 * until then: a failure or a cancel → compensating: the volumes go on the VM again, and it is started
 * ```
 */
export async function failBackVm(input: FailBackVmInput): Promise<FailoverResult> {
  const { request, requestDigest, searchAttributes } = parsedInput(failBackVmInputSchema, input);
  const root = CancellationScope.current();
  return await CancellationScope.nonCancellable(async () => {
    const run = new FailoverRun({ kind: 'back', request, requestDigest, searchAttributes });
    registerFailoverHandlers({ run });
    root.cancelRequested.catch(() => {
      run.requestStop();
    });
    return await failBack(run);
  });
}

async function failBack(run: FailoverRun): Promise<FailoverResult> {
  const { vm, view, control, ledger, activities } = run;
  let off: OffTheVm;
  try {
    off = await control.forward(() => takeOffTheVm(run));
  } catch (error) {
    return await run.backOut(error);
  }
  // From here on forward only: no volume of ours is on the VM any more, and it is removed.
  ledger.forgive();
  view.state.pointOfNoReturn = 'passed';
  const { made, disks } = off;
  const { failoverVmId, failoverVmName } = made;
  const notRemoved = await holdUntilDone(run, 'stopping', async () => {
    await ledger.attempt('vm', 'removeVm', () =>
      activities.removeVm({ ...vm, attempt: ATTEMPT, name: failoverVmName, mode: 'release', failoverVmId }),
    );
  });
  if (notRemoved !== undefined) {
    const left = disks.map(({ volume }) => `volume ${volume.volumeId} of disk ${String(volume.diskKey)}, on no VM`);
    throw await run.abandoned([`failover VM ${failoverVmName} (${failoverVmId})`, ...left], notRemoved);
  }
  const notReturned = await holdUntilDone(run, 'returning', async () => {
    await returnAll(run, disks);
    await ledger.attempt('vm', 'commitFailback', () => activities.commitFailback({ ...vm, failoverVmId }));
  });
  if (notReturned !== undefined) {
    const left = disks.map(({ volume }) => `volume ${volume.volumeId} of disk ${String(volume.diskKey)}`);
    throw await run.abandoned(left, notReturned);
  }
  view.state.readyAt = new Date().toISOString();
  await prunePoints(run);
  return await run.finish('returned');
}

/** Everything that can be taken back: the VM stopped, its volumes snapshotted and off it. */
async function takeOffTheVm(run: FailoverRun): Promise<OffTheVm> {
  const { vm, view, control, ledger, activities } = run;
  await run.claim();
  const { replicas, live } = await run.plan();
  if (live === undefined) {
    throw new StepFailed(undefined, failureRecord('vm-not-failed-over', { vm: sourceVmPath(vm) }));
  }
  const { failoverVmId, failoverVmName } = live;
  const disks = replicas.map(({ diskKey, boot, volumeId, volumeBytes }): VmDisk => ({
    boot,
    volume: { ...vm, attempt: ATTEMPT, diskKey, volumeId, volumeBytes },
  }));
  await run.preflight({
    disks: disks.map(({ boot, volume: { diskKey, volumeBytes } }) => ({ diskKey, boot, volumeBytes })),
    newVolumes: 0,
    newSnapshots: disks.length,
    failoverVmId,
  });

  view.enter('stopping');
  const made: FailoverVmRef = { ...vm, attempt: ATTEMPT, failoverVmId, failoverVmName };
  ledger.oweCall('vm', 'startVm', made, async () => {
    await activities.startVm(made);
    return { outcome: 'undone' };
  });
  await ledger.attempt('vm', 'stopVm', () => activities.stopVm({ ...made, mode: 'release' }));

  // After the stop, so that the point has every write; the VM is not running, so its volumes may be snapshotted where they are.
  view.enter('snapshotting');
  await takePoint({
    vm,
    activities,
    ledger,
    purpose: 'back',
    attempt: ATTEMPT,
    disks,
    snapshots: 'apart',
    opened: (pointId) => {
      view.state.pointId = pointId;
    },
  });

  view.enter('stopping');
  const inputs = attachments(made, 'live', disks);
  allOrWorst(await Promise.allSettled(inputs.map((input) => leaveFailoverVm(run, input))));
  await control.gate();
  control.seal();
  return { made, disks };
}

/** A volume leaves the failover VM. That it can go on it again is owed first. */
async function leaveFailoverVm({ ledger, activities, view }: FailoverRun, input: AttachToVmInput): Promise<void> {
  const { diskKey, deviceId } = input;
  view.change(diskKey, { deviceId });
  ledger.oweCall(diskKey, 'returnToFailoverVm', input, async () => {
    await activities.attachToVm(input);
    await activities.mapToVm(input);
    return { outcome: 'undone' };
  });
  const leaving = { ...input, mode: 'release' as const };
  await ledger.attempt(diskKey, 'unmapFromVm', () => activities.unmapFromVm(leaving));
  await ledger.attempt(diskKey, 'detachFromVm', () => activities.detachFromVm(leaving));
}

async function returnAll({ ledger, activities, view, vm }: FailoverRun, disks: readonly VmDisk[]): Promise<void> {
  const returned = await Promise.allSettled(
    disks.map(async ({ volume }) => {
      const { diskKey, volumeId } = volume;
      await returnToAppliance(activities, volume, (step, call) => ledger.attempt(diskKey, step, call));
      delete view.disk(diskKey).deviceId;
      view.change(diskKey, { devicePath: devicePath(vm.applianceId, volumeId) });
    }),
  );
  allOrWorst(returned);
}
