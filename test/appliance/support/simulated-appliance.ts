import { mkdir, open, readdir, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { byIdLinkNames, volumeSerial } from '../../../domain/names';
import { startExportServer } from '../../../stack/nbdkit';
import { temporaryFolder } from '../../support/temporary-folder';

/** Folders laid out as the simulator lays out a guest: by-id links, sysfs-like files, volumes as sparse files. */
export interface SimulatedAppliance {
  readonly root: string;
  readonly byIdDirectory: string;
  readonly sysfsBlockDirectory: string;
  readonly exportsDirectory: string;
  readonly volumesDirectory: string;
  /** Makes a volume of `bytes` and plugs it as `kernelName`. */
  plug(kernelName: string, bytes: number, volumeId?: string): Promise<{ volumeId: string; file: string }>;
  unplug(kernelName: string, volumeId: string): Promise<void>;
  startExports(): ReturnType<typeof startExportServer>;
  remove(): Promise<void>;
}

export async function simulatedAppliance(): Promise<SimulatedAppliance> {
  const folder = await temporaryFolder();
  const root = folder.path;
  const guest = path.join(root, 'guests', 'vm');
  const byIdDirectory = path.join(guest, 'by-id');
  const sysfsBlockDirectory = path.join(guest, 'sys-block');
  const devices = path.join(guest, 'dev');
  const volumesDirectory = path.join(root, 'volumes');
  const exportsDirectory = path.join(root, 'exports');
  for (const each of [byIdDirectory, sysfsBlockDirectory, devices, volumesDirectory]) {
    await mkdir(each, { recursive: true });
  }
  const linkName = (volumeId: string) => byIdLinkNames(volumeId)[0] ?? '';
  let servers: Awaited<ReturnType<typeof startExportServer>>[] = [];
  return {
    root,
    byIdDirectory,
    sysfsBlockDirectory,
    exportsDirectory,
    volumesDirectory,
    plug: async (kernelName, bytes, volumeId = randomUUID()) => {
      const file = path.join(volumesDirectory, `${volumeId}.raw`);
      await (await open(file, 'a')).close();
      await truncate(file, bytes);
      const sysfs = path.join(sysfsBlockDirectory, kernelName);
      await mkdir(sysfs, { recursive: true });
      await writeFile(path.join(sysfs, 'serial'), volumeSerial(volumeId));
      await writeFile(path.join(sysfs, 'size'), `${String(bytes / 512)}\n`);
      await writeFile(path.join(sysfs, 'ro'), '0\n');
      await symlink(path.join('..', '..', '..', 'volumes', `${volumeId}.raw`), path.join(devices, kernelName));
      await symlink(path.join('..', 'dev', kernelName), path.join(byIdDirectory, linkName(volumeId)));
      return { volumeId, file };
    },
    unplug: async (kernelName, volumeId) => {
      await rm(path.join(byIdDirectory, linkName(volumeId)));
      await rm(path.join(devices, kernelName));
      await rm(path.join(sysfsBlockDirectory, kernelName), { recursive: true });
    },
    startExports: async () => {
      const server = await startExportServer({ exportsDirectory, logFile: path.join(root, 'nbdkit.log') });
      servers.push(server);
      return server;
    },
    remove: async () => {
      for (const server of servers) await server.stop();
      servers = [];
      await folder.remove();
    },
  };
}

/** Replaces a file by another one of its size, as if another disk had come under its name. */
export async function replaceInode(file: string): Promise<void> {
  const { size } = await stat(file);
  const other = `${file}.other`;
  await (await open(other, 'a')).close();
  await truncate(other, size);
  await rename(other, file);
}

/** Names in the locks folder and links that are there; nothing of either may be left by a finished or cut off copy. */
export async function leftovers(exportsDirectory: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of ['locks', 'staging']) {
    const entries = await readdir(path.join(exportsDirectory, name)).catch(() => []);
    found.push(...entries.map((entry) => `${name}/${entry}`));
  }
  return found;
}
