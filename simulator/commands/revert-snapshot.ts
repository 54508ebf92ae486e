import { ApiError, invalidParameter, serverFailure } from '../api-error';
import { snapshotText } from '../answers/snapshot';
import type { Call, Command } from '../call';
import type { SnapshotRow } from '../rows';
import { hypervisorOf, snapshotOf, words } from '../snapshot-checks';
import { fillVolume } from '../snapshot-files';

/** revertSnapshot: the volume gets the snapshot's bytes and size, while its VM is stopped, on KVM alone. */
export const revertSnapshot: Command = {
  name: 'revertSnapshot',
  parameters: { id: { type: 'id', entity: 'Snapshot', required: true }, customjobid: { type: 'text' } },
  run(call) {
    const { id } = snapshotOf(call);
    return call.jobs.submit({
      caller: call.caller,
      customJobId: call.arguments.text('customjobid'),
      javaClass: 'org.apache.cloudstack.api.command.user.snapshot.RevertSnapshotCmd',
      instanceType: 'Snapshot',
      instanceId: id,
      work: async () => {
        const snapshot = call.world.snapshot(id);
        checkRevertible(call, snapshot);
        await revert(call, snapshot);
        return { success: true };
      },
    });
  },
};

/** In the order of SnapshotManagerImpl.revertSnapshot. */
function checkRevertible({ world }: Call, snapshot: SnapshotRow): void {
  const volume = world.volume(snapshot.volumeId);
  if (volume.state !== 'Ready') throw invalidParameter('The volume is not in Ready state.');
  const { vm, vmSnapshot } = words(world);
  if (volume.vmId !== null) {
    if (world.machine(volume.vmId).state !== 'Stopped') {
      throw invalidParameter(`The ${vm} the specified disk is attached to is not in the shutdown state.`);
    }
    if (world.vmSnapshotsOf(volume.vmId).length > 0) {
      throw invalidParameter(
        `Unable to revert snapshot for ${vm}, please remove ${vmSnapshot}s before reverting ${vm} from snapshot`,
      );
    }
  }
  if (snapshot.state !== 'BackedUp') {
    throw serverFailure(`snapshot ${snapshot.name} [${snapshot.id}] does not exists in data store`);
  }
  if (hypervisorOf(world, volume) !== 'KVM') {
    throw serverFailure(
      `Revert snapshot command failed for snapshot ${snapshotText(world, snapshot)}, because this command is supported only for KVM hypervisor`,
    );
  }
}

async function revert(call: Call, snapshot: SnapshotRow): Promise<void> {
  const { world } = call;
  const volume = world.volumes.put({ ...world.volume(snapshot.volumeId), state: 'RevertSnapshotting' });
  await call.lifetime.wait(world.timings.snapshotMs + call.faults.delayMs('work'));
  const failure = call.faults.get('fail-job');
  if (failure !== undefined) {
    world.volumes.put({ ...world.volume(volume.id), state: 'Ready' });
    throw new ApiError(failure.code, `Failed to revert snapshot; ${failure.text}`);
  }
  await fillVolume(call, volume.id, snapshot, snapshot.sizeBytes);
  world.volumes.put({ ...world.volume(volume.id), state: 'Ready', sizeBytes: snapshot.sizeBytes });
}
