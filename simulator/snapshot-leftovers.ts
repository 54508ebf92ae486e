import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { SnapshotRow, VmSnapshotRow } from './rows';
import { dropSnapshotFile, dropVmSnapshotFiles, snapshotFile, vmSnapshotFolder } from './snapshot-files';
import { UNFINISHED } from './sparse-copy';
import type { World } from './world';

/**
 * Makes snapshots and files agree, at a start of the server. What was being taken or backed up has failed; what was kept of a
 * detached volume and only waited for its backup is whole. Half-copied files, and bytes that no row stands for, go.
 */
export function settleSnapshots(world: World): void {
  for (const snapshot of [...world.snapshots.values()]) {
    const state = settledState(snapshot, existsSync(snapshotFile(world, snapshot.id)));
    if (state === snapshot.state) continue;
    const removed = state === 'Destroyed' ? Date.now() : snapshot.removed;
    world.snapshots.put({ ...snapshot, state, removed });
  }
  for (const snapshot of [...world.vmSnapshots.values()]) {
    const state = settledVmState(snapshot);
    if (state !== snapshot.state) world.vmSnapshots.put({ ...snapshot, state });
  }
  removeFiles(world);
}

function settledState({ state }: SnapshotRow, whole: boolean): SnapshotRow['state'] {
  switch (state) {
    case 'Allocated':
      return whole ? 'BackedUp' : 'Error';
    case 'Creating':
    case 'BackingUp':
      return 'Error';
    case 'Destroying':
      // SnapshotManagerImpl.start deletes them again.
      return 'Destroyed';
    case 'BackedUp':
    case 'Destroyed':
    case 'Error':
      return state;
  }
}

function settledVmState({ state, removed }: VmSnapshotRow): VmSnapshotRow['state'] {
  if (removed !== null || state === 'Ready') return state;
  return state === 'Reverting' || state === 'Expunging' ? 'Ready' : 'Error';
}

function removeFiles(world: World): void {
  for (const folder of ['volumes', 'snapshots']) {
    for (const name of filesIn(join(world.directory, folder))) {
      if (name.endsWith(UNFINISHED)) rmSync(join(world.directory, folder, name), { force: true });
    }
  }
  for (const { id, state } of world.snapshots.values()) {
    if (state !== 'BackedUp' && existsSync(snapshotFile(world, id))) dropSnapshotFile(world, id);
  }
  for (const { id, state, removed } of world.vmSnapshots.values()) {
    const gone = removed !== null || state === 'Error';
    if (gone && existsSync(vmSnapshotFolder(world, id))) dropVmSnapshotFiles(world, id);
  }
  // Killed between the bytes of a snapshot and the row that says so, a volume has data that it is not known to have.
  for (const { id, onStorage } of world.volumes.values()) {
    if (!onStorage) rmSync(join(world.directory, 'volumes', `${id}.raw`), { force: true });
  }
}

function filesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
