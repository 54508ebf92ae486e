import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Call } from './call';
import type { SnapshotRow, VmSnapshotRow, VolumeRow } from './rows';
import { copyDisk } from './sparse-copy';
import type { World } from './world';

/** The bytes of a snapshot of a volume. */
export function snapshotFile(world: World, snapshotId: string): string {
  return join(world.directory, 'snapshots', `${snapshotId}.raw`);
}

/** The bytes of all disks of a snapshot of a VM, `{volume id}.raw` each. */
export function vmSnapshotFolder(world: World, vmSnapshotId: string): string {
  return join(world.directory, 'vm-snapshots', vmSnapshotId);
}

/** The bytes of a volume as they are now become those of the snapshot. @throws ServerStopped */
export async function keepVolume(
  { world, guests, lifetime }: Call,
  volume: VolumeRow,
  snapshotId: string,
): Promise<void> {
  const from = guests.volumeFile(volume.id);
  await copyDisk(lifetime, from, snapshotFile(world, snapshotId), volume.sizeBytes);
}

/** A volume gets the bytes of a snapshot, and a hole behind them when it is larger. @throws ServerStopped */
export async function fillVolume(
  { world, guests, lifetime }: Call,
  volumeId: string,
  snapshot: SnapshotRow,
  sizeBytes: number,
): Promise<void> {
  await copyDisk(lifetime, snapshotFile(world, snapshot.id), guests.volumeFile(volumeId), sizeBytes);
}

/** The bytes of all disks of a VM become those of its snapshot. @throws ServerStopped */
export async function keepMachine({ world, guests, lifetime }: Call, snapshot: VmSnapshotRow): Promise<void> {
  const folder = vmSnapshotFolder(world, snapshot.id);
  for (const disk of world.volumesOf(snapshot.vmId)) {
    await copyDisk(lifetime, guests.volumeFile(disk.id), join(folder, `${disk.id}.raw`), disk.sizeBytes);
  }
}

/** The disks of a VM get the bytes that its snapshot kept. @throws ServerStopped */
export async function fillMachine({ world, guests, lifetime }: Call, snapshot: VmSnapshotRow): Promise<void> {
  const folder = vmSnapshotFolder(world, snapshot.id);
  for (const disk of world.volumesOf(snapshot.vmId)) {
    const kept = join(folder, `${disk.id}.raw`);
    if (existsSync(kept)) await copyDisk(lifetime, kept, guests.volumeFile(disk.id), disk.sizeBytes);
  }
}

/** The bytes of a snapshot of a volume go. Its row must have said so before: killed in between, a file is left, not a lie. */
export function dropSnapshotFile(world: World, snapshotId: string): void {
  world.flush();
  rmSync(snapshotFile(world, snapshotId), { force: true });
}

/** The bytes of a snapshot of a VM go, after its row. */
export function dropVmSnapshotFiles(world: World, vmSnapshotId: string): void {
  world.flush();
  rmSync(vmSnapshotFolder(world, vmSnapshotId), { recursive: true, force: true });
}
