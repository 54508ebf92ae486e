import { askStorage } from '../agent-work';
import { invalidParameter, serverFailure } from '../api-error';
import { snapshotText } from '../answers/snapshot';
import type { Call, Command } from '../call';
import { snapshotOf } from '../snapshot-checks';
import { dropSnapshotFile } from '../snapshot-files';

/** deleteSnapshot: its row stays, so that a second delete is told that it is destroyed (fixture volume-snapshots). */
export const deleteSnapshot: Command = {
  name: 'deleteSnapshot',
  parameters: { id: { type: 'id', entity: 'Snapshot', required: true }, customjobid: { type: 'text' } },
  run(call) {
    const { id } = snapshotOf(call);
    return call.jobs.submit({
      caller: call.caller,
      customJobId: call.arguments.text('customjobid'),
      javaClass: 'org.apache.cloudstack.api.command.user.snapshot.DeleteSnapshotCmd',
      instanceType: 'Snapshot',
      instanceId: id,
      work: async () => {
        await remove(call, id);
        return { success: true };
      },
    });
  },
};

async function remove(call: Call, id: string): Promise<void> {
  const { world } = call;
  const snapshot = world.snapshot(id);
  if (snapshot.state === 'Destroyed') {
    throw invalidParameter(`Snapshot [${snapshotText(world, snapshot)}] is already destroyed`);
  }
  // DefaultSnapshotStrategy: one that never was taken just goes.
  if (!['BackedUp', 'Allocated', 'Error'].includes(snapshot.state)) {
    throw invalidParameter(
      `Can't delete snapshot ${snapshotText(world, snapshot)} due to it is in ${snapshot.state} Status`,
    );
  }
  world.snapshots.put({ ...snapshot, state: 'Destroying' });
  const refusal = await askStorage(call, 'DeleteCommand', world.timings.deleteMs + call.faults.delayMs('work'));
  const reason = call.faults.get('fail-job')?.text ?? refusal?.details;
  if (reason !== undefined) {
    world.snapshots.put(snapshot);
    throw serverFailure(`Failed to delete snapshot:${reason}`);
  }
  for (const tag of world.tagsOf(id)) world.removeTag(tag);
  world.snapshots.put({ ...snapshot, state: 'Destroyed', removed: Date.now() });
  dropSnapshotFile(world, id);
}
