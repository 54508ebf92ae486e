import { mkdir, readFile, readlink, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { exportName, volumeOfExportName } from '../domain/names';
import { acquireFileLock } from './copy-lock';
import { holdersOf } from './device-holders';
import { isMissing, names } from './device-node';
import { readBootId } from './device-resolver';
import { exportLayout, type ExportLayout } from './export-layout';
import { ExportServerError, type ExportLinks } from './ports';
import { errorText, runTool, ToolError } from './processes';

/**
 * Exports as links in a folder that one long-lived nbdkit serves: no configuration, no reload, nobody else touched (design §7).
 * nbdkit opens the link anew for each connection, so a replaced link counts from the next connection on and a removed one is
 * refused at once; a connection that is open goes on with the device it has.
 */
export interface ExportLinksSettings {
  readonly exportsDirectory: string;
  /** the kernel's boot id; another one only in tests */
  readonly readBootId?: () => Promise<string>;
}

export function makeExportLinks(settings: ExportLinksSettings): ExportLinks {
  const layout = exportLayout(settings.exportsDirectory);
  const bootId = settings.readBootId ?? readBootId;
  const linkOf = (volumeId: string) => path.join(layout.links, exportName(volumeId));
  const uri = (volumeId: string) =>
    `nbd+unix:///${exportName(volumeId)}?socket=${encodeURIComponent(layout.socket).replaceAll('%2F', '/')}`;
  return {
    socketPath: layout.socket,
    uri,
    open: async (volumeId, deviceNode) => {
      await prepareExportFolders(layout, bootId);
      await placeLink(path.join(layout.staging, exportName(volumeId)), linkOf(volumeId), path.resolve(deviceNode));
    },
    close: async (volumeId) => {
      await prepareExportFolders(layout, bootId);
      try {
        await unlink(linkOf(volumeId));
        return true;
      } catch (error) {
        if (isMissing(error)) return false;
        throw error;
      }
    },
    look: async (volumeId) => {
      await greet(layout.socket);
      try {
        const size = await runTool({ tool: 'nbdinfo', args: ['--size', uri(volumeId)], timeoutMs: 30_000 });
        return { sizeBytes: Number(size.trim()) };
      } catch (error) {
        // exit status 1: the server lives but refuses this export (no link, or a link to a device that cannot be opened)
        if (error instanceof ToolError && error.status === 'exit status 1') return undefined;
        throw new ExportServerError(layout.socket, errorText(error));
      }
    },
    list: async () => {
      await prepareExportFolders(layout, bootId);
      return (await names(layout.links)).map(volumeOfExportName).filter((id) => id !== undefined);
    },
    holders: (_volumeId, deviceNode) => holdersOf(deviceNode),
  };
}

/**
 * Makes the folders of the exports. When the boot id has changed since the links were made they are emptied first: after a
 * reboot nothing is exported before its device was proven again, since names may lead to other disks now.
 */
export async function prepareExportFolders(layout: ExportLayout, bootId: () => Promise<string>): Promise<void> {
  await mkdir(layout.links, { recursive: true, mode: 0o700 });
  await mkdir(layout.staging, { recursive: true, mode: 0o700 });
  const current = await bootId();
  if ((await readOrUndefined(layout.bootId)) === current) return;
  // two workers must not do this at once: the slower one would remove links that the faster one has made since
  const lock = await acquireFileLock(`${layout.bootId}.lock`);
  try {
    if ((await readOrUndefined(layout.bootId)) === current) return;
    for (const folder of [layout.links, layout.staging]) {
      for (const name of await names(folder)) await rm(path.join(folder, name), { force: true, recursive: true });
    }
    await writeFile(`${layout.bootId}.new`, current, { mode: 0o600 });
    await rename(`${layout.bootId}.new`, layout.bootId);
  } finally {
    await lock.release();
  }
}

/** Makes the link beside its folder and renames it in. Two callers for one volume may meet in the staging folder; both succeed. */
async function placeLink(staged: string, link: string, target: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    if ((await readlink(link).catch(() => undefined)) === target) return;
    try {
      await rm(staged, { force: true });
      await symlink(target, staged);
      await rename(staged, link);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if ((code !== 'EEXIST' && code !== 'ENOENT') || tries === 20) throw error;
    }
  }
}

/**
 * Waits for the greeting that every NBD server sends first.
 *
 * @throws ExportServerError (unavailable: tried again for as long as it takes)
 */
export function greet(socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    const fail = (evidence: string) => {
      socket.destroy();
      reject(new ExportServerError(socketPath, evidence));
    };
    socket.setTimeout(10_000, () => {
      fail('it takes connections but sends no greeting');
    });
    socket.once('error', (error) => {
      fail(error.message);
    });
    socket.once('end', () => {
      fail('it closes connections without a greeting');
    });
    socket.once('data', (data) => {
      if (!data.toString('latin1').startsWith('NBDMAGIC')) {
        fail('what listens there is no NBD server');
        return;
      }
      socket.destroy();
      resolve();
    });
  });
}

async function readOrUndefined(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
