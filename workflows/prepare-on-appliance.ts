import type { PrepareGuestInput } from '../domain/failover-io';
import type { GuestStep } from '../domain/failover-request';
import type { DeviceProof } from '../domain/step-io';
import { allOrWorst } from './all-or-worst';
import type { FailoverRun } from './failover-run';
import type { VmDisk } from './failover-vm';

/**
 * The guest step on volumes made from snapshots: they come to the appliance for it and leave again. That they leave is owed before
 * they come.
 *
 * @throws StepFailed, Stopped as the ledger does
 */
export async function prepareRestored(run: FailoverRun, guest: GuestStep, disks: readonly VmDisk[]): Promise<void> {
  const { view, ledger, activities } = run;
  view.enter('preparing');
  const attached = await Promise.allSettled(
    disks.map(async (disk) => {
      await ledger.run(disk.volume.diskKey, 'attachVolume', disk.volume);
      return { ...disk, device: await ledger.run(disk.volume.diskKey, 'resolveDevice', disk.volume) };
    }),
  );
  await prepare(run, 'test', guest, allOrWorst(attached));
  const left = await Promise.allSettled(
    disks.map(async ({ volume }) => {
      const { diskKey } = volume;
      await ledger.attempt(diskKey, 'detachVolume', () => activities.detachVolume(volume));
      await ledger.attempt(diskKey, 'confirmDeviceGone', () => activities.confirmDeviceGone(volume));
      ledger.paid(diskKey, 'attachVolume');
    }),
  );
  allOrWorst(left);
}

/**
 * The guest step on the replicas, while they are on the appliance; only after a recovery point of them.
 *
 * @throws StepFailed, Stopped as the ledger does
 */
export async function prepareReplicas(run: FailoverRun, guest: GuestStep, disks: readonly VmDisk[]): Promise<void> {
  run.view.enter('preparing');
  const proven = await Promise.allSettled(
    disks.map(async (disk) => {
      const { diskKey } = disk.volume;
      // A device that an export still holds could not be opened by the guest step.
      await run.ledger.attempt(diskKey, 'closeExport', () =>
        run.activities.closeExport({ ...disk.volume, mode: 'release' }),
      );
      return { ...disk, device: await run.ledger.run(diskKey, 'resolveDevice', disk.volume) };
    }),
  );
  await prepare(run, 'live', guest, allOrWorst(proven));
}

async function prepare(
  { vm, ledger }: FailoverRun,
  kind: 'test' | 'live',
  guest: GuestStep,
  disks: readonly (VmDisk & { readonly device: DeviceProof })[],
): Promise<void> {
  const input: PrepareGuestInput = {
    ...vm,
    guest,
    kind,
    disks: disks.map(({ boot, device, volume: { diskKey, volumeId, volumeBytes } }) => ({
      diskKey,
      boot,
      volumeId,
      volumeBytes,
      device,
    })),
  };
  // What a conversion that failed leaves is "in an unknown, possibly corrupted state" (virt-v2v-in-place(1)): one that then
  // succeeds on it would prove nothing. A hook of the operator's may be called again.
  await ledger.run('vm', 'prepareGuest', input, guest.kind === 'convert' ? ['guest-step-failed'] : []);
}
