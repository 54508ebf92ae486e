import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, open, readdir, readFile, readlink, unlink } from 'node:fs/promises';
import path from 'node:path';
import { isMissing } from './device-node';
import { readBootId } from './device-resolver';
import { exportLayout } from './export-layout';
import { greet, prepareExportFolders } from './export-links';
import { ExportServerError } from './ports';

/** Something that a worker on an appliance must be allowed to do, and is not. */
export interface MissingRight {
  /** what could not be done, with the system's own word for it */
  readonly what: string;
  readonly next: string;
}

export interface RightsSettings {
  readonly exportsDirectory: string;
  readonly byIdDirectory: string;
  readonly sysfsBlockDirectory: string;
  readonly simulated: boolean;
  readonly identity: 'dmi' | 'nic' | 'file';
  readonly identityFile: string;
  /** where a copy keeps one window; TMPDIR, else /var/tmp, when not given */
  readonly windowDirectory?: string;
  /** /sys/class/dmi/id/product_uuid; another one only in tests */
  readonly productUuidFile?: string;
}

/** What the system says when a right is missing; EROFS is how systemd's ProtectSystem says it. */
const REFUSALS = new Set(['EACCES', 'EPERM', 'EROFS']);
/** Links of volumes by their serial, the first 20 hexadecimal digits of the uuid (domain/names.ts). */
const VOLUME_LINK = /^(virtio-|scsi-0QEMU_QEMU_HARDDISK_|scsi-)[0-9a-f]{20}$/;

/**
 * Tries everything that the work on an appliance needs a right for, and names what this user may not do. It makes the folders of the
 * exports; devices are looked at and opened to read, never written. What is only not there (no volume is attached yet, nbdkit does not
 * run) is no missing right.
 */
export async function missingRights(settings: RightsSettings): Promise<MissingRight[]> {
  const found = await Promise.all([
    exportFolders(settings.exportsDirectory),
    exportSocket(settings.exportsDirectory),
    windowFolder(settings.windowDirectory ?? process.env['TMPDIR'] ?? '/var/tmp'),
    readable(settings.sysfsBlockDirectory, 'the kernel tells there what the devices are'),
    readable(settings.byIdDirectory, 'the stable links to the devices are there'),
    identityFile(settings),
    devices(settings.byIdDirectory),
    settings.simulated ? [] : otherProcesses(),
  ]);
  return found.flat();
}

async function exportFolders(exportsDirectory: string): Promise<MissingRight[]> {
  const layout = exportLayout(exportsDirectory);
  const next = `Let ${user()} own it: chown -R ${user()} ${exportsDirectory}, or RuntimeDirectory= in the unit.`;
  return await refusedAs(`folder ${exportsDirectory} cannot be written`, next, async () => {
    await prepareExportFolders(layout, readBootId);
    for (const folder of [layout.links, layout.staging]) await writeAndRemove(folder);
  });
}

async function exportSocket(exportsDirectory: string): Promise<MissingRight[]> {
  const { socket } = exportLayout(exportsDirectory);
  const next = `Run nbdkit as ${user()} too: its socket has mode 0600.`;
  try {
    await greet(socket);
  } catch (error) {
    // Nobody listens there yet: the readiness says so, and it is no right.
    if (!(error instanceof ExportServerError)) throw error;
    if (/EACCES|EPERM/.test(error.evidence))
      return [{ what: `socket ${socket} cannot be opened (${error.evidence})`, next }];
  }
  return [];
}

function windowFolder(folder: string): Promise<MissingRight[]> {
  const next = `Let ${user()} write there, or set TMPDIR to a folder where it may.`;
  return refusedAs(`folder ${folder} (for one window of a copy) cannot be written`, next, () => writeAndRemove(folder));
}

function readable(folder: string, why: string): Promise<MissingRight[]> {
  return refusedAs(`folder ${folder} cannot be read`, `Let ${user()} read it: ${why}.`, async () => {
    await readdir(folder);
  });
}

async function identityFile({
  identity,
  identityFile: file,
  productUuidFile,
}: RightsSettings): Promise<MissingRight[]> {
  if (identity === 'nic') return [];
  const proof = identity === 'file' ? file : (productUuidFile ?? '/sys/class/dmi/id/product_uuid');
  const next =
    identity === 'file'
      ? `Let ${user()} read it.`
      : 'Only root reads it: give the worker CAP_DAC_READ_SEARCH, or set identity = "nic" or "file".';
  return await refusedAs(`${proof}, which proves that this is the appliance, cannot be read`, next, async () => {
    await readFile(proof);
  });
}

/** Every volume that is attached now: read, write, and an exclusive open. A device in use (EBUSY) is another matter. */
async function devices(byIdDirectory: string): Promise<MissingRight[]> {
  const links = (await readdir(byIdDirectory).catch(() => [])).filter((name) => VOLUME_LINK.test(name));
  const next = `Put ${user()} into the group that owns the devices: usermod -aG disk ${user()}, or SupplementaryGroups=disk in the unit.`;
  const found = await Promise.all(
    links.map(async (name) => {
      const device = path.join(byIdDirectory, name);
      // Asked, not opened, for writing: udev would look at the device anew when a writer closes it.
      const written = await refusedAs(`device ${device} cannot be read and written`, next, () =>
        access(device, constants.R_OK | constants.W_OK),
      );
      if (written.length > 0) return written;
      return await refusedAs(`device ${device} cannot be opened exclusively`, next, async () => {
        await (await open(device, constants.O_RDONLY | constants.O_EXCL)).close();
      });
    }),
  );
  return found.flat();
}

/** An export counts as closed when nobody holds the device: seen in /proc, of other users' processes only with these two rights. */
function otherProcesses(): Promise<MissingRight[]> {
  const next =
    'Give the worker CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH (AmbientCapabilities= in the unit), and no ProtectProc= that hides processes.';
  return refusedAs('processes of other users cannot be seen to hold a device (/proc/1/fd)', next, async () => {
    const [first] = await readdir('/proc/1/fd');
    if (first !== undefined) await readlink(`/proc/1/fd/${first}`);
  });
}

/**
 * Writes a file of no content and removes it: access(2) would say what the user may do without the capabilities that it has.
 *
 * @throws what the system says
 */
export async function writeAndRemove(folder: string): Promise<void> {
  const file = path.join(folder, `.diskferry-${randomUUID()}`);
  await (await open(file, 'w', 0o600)).close();
  await unlink(file);
}

/** Tries something; a refusal of the system becomes a missing right, what is not there or in use is none. */
async function refusedAs(what: string, next: string, attempt: () => Promise<void>): Promise<MissingRight[]> {
  try {
    await attempt();
    return [];
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (REFUSALS.has(code)) return [{ what: `${what} (${code}, as ${user()})`, next }];
    if (isMissing(error) || code === 'EBUSY') return [];
    throw error;
  }
}

/** The user that this process runs as, in the notation that chown takes. */
function user(): string {
  return `${String(process.geteuid?.() ?? 0)}:${String(process.getegid?.() ?? 0)}`;
}
