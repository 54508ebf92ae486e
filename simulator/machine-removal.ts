import { rmSync } from 'node:fs';
import type { Call } from './call';
import { dropVmSnapshotFiles } from './snapshot-files';
import { expunge } from './volume-removal';

/** Takes every data volume off a VM that is switched off. They survive it (fixtures failover, vm-states). */
export async function detachDataVolumes({ world, lifetime }: Call, vmId: string): Promise<void> {
  for (const volume of world.volumesOf(vmId)) {
    if (volume.type !== 'DATADISK') continue;
    await lifetime.wait(world.timings.detachMs);
    const now = world.volume(volume.id);
    if (now.vmId === vmId) world.volumes.put({ ...now, vmId: null, deviceId: null, attached: null });
  }
}

/** The VM, its root and its snapshots are gone for ever; what else was attached is let go. */
export async function expungeMachine(call: Call, vmId: string): Promise<void> {
  const { world, lifetime, guests } = call;
  world.machines.put({ ...world.machine(vmId), state: 'Expunging', updated: Date.now() });
  await lifetime.wait(world.timings.deleteMs);
  for (const volume of world.volumesOf(vmId)) {
    if (volume.type === 'ROOT') expunge(call, volume.id);
    else world.volumes.put({ ...volume, vmId: null, deviceId: null, attached: null });
  }
  for (const tag of world.tagsOf(vmId)) world.removeTag(tag);
  removeVmSnapshots(call, vmId);
  guests.unplugAll(vmId);
  world.machines.put({ ...world.machine(vmId), nics: [], removed: Date.now() });
  world.flush();
  rmSync(guests.path(vmId), { recursive: true, force: true });
}

/** They do not outlive their VM, not even a destroyed one that could be recovered (VirtualMachineManagerImpl.destroy). */
export function removeVmSnapshots({ world }: Call, vmId: string): void {
  for (const snapshot of world.vmSnapshotsOf(vmId)) {
    world.vmSnapshots.put({ ...snapshot, current: false, removed: Date.now() });
    dropVmSnapshotFiles(world, snapshot.id);
  }
}
