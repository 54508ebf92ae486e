import { constants, type Stats } from 'node:fs';
import { lstat, open, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pLimit from 'p-limit';
import { byIdLinkNames, volumeSerial } from '../domain/names';
import type { DeviceProof } from '../domain/step-io';
import { holdersOfPath } from './device-holders';
import {
  followLink,
  formatDeviceNumber,
  isMissing,
  mountPoints,
  names,
  readSerial,
  readSysfsDisk,
  type DeviceDirectories,
  type FollowedLink,
  type SysfsDisk,
} from './device-node';
import { DeviceError, type DeviceResolver } from './ports';

/**
 * Finds a volume's device by its serial and proves it. The appliance alone decides which device a volume is: CloudStack's
 * deviceid says nothing about kernel names, and names move after a reboot or a late unplug (design §2).
 */
export interface DeviceResolverSettings extends DeviceDirectories {
  /** regular files may stand for block devices; proven by serial, size and inode */
  readonly simulated: boolean;
}

const oneAtATime = pLimit(1);

const BOOT_ID_FILE = '/proc/sys/kernel/random/boot_id';

/** Boot id of the running kernel. */
export async function readBootId(): Promise<string> {
  return (await readFile(BOOT_ID_FILE, 'utf8')).trim();
}

export function makeDeviceResolver(settings: DeviceResolverSettings): DeviceResolver {
  return {
    prove: async (volumeId, minBytes) => {
      const device = await identify(settings, volumeId);
      if (device.proof.sizeBytes < minBytes) {
        throw wrong(device, `holds ${String(device.proof.sizeBytes)} bytes, ${String(minBytes)} are asked for`);
      }
      await refuseIfInUse(device);
      if (!device.proof.simulated) await oneAtATime(() => openExclusively(device));
      return device.proof;
    },
    reprove: async (volumeId, proof) => {
      const device = await identify(settings, volumeId).catch((error: unknown) => {
        if (error instanceof DeviceError && error.kind === 'missing') {
          throw new DeviceError('wrong', `${proof.deviceNode} was proven before and is gone: ${error.evidence}`);
        }
        throw error;
      });
      for (const field of ['bootId', 'instance', 'deviceNode', 'serial', 'sizeBytes'] as const) {
        if (device.proof[field] !== proof[field]) {
          throw wrong(device, `was proven with ${field} ${String(proof[field])}, now ${String(device.proof[field])}`);
        }
      }
      await refuseIfInUse(device);
    },
    gone: async (volumeId) => {
      const evidence = await traces(settings, volumeId);
      return evidence === undefined ? { gone: true } : { gone: false, evidence };
    },
    bootId: readBootId,
  };
}

interface IdentifiedDevice {
  readonly proof: DeviceProof;
  readonly target: string;
  readonly disk: SysfsDisk;
}

/** Everything about a device that opening it does not need. */
async function identify(settings: DeviceResolverSettings, volumeId: string): Promise<IdentifiedDevice> {
  const serial = volumeSerial(volumeId);
  const { deviceNode, link } = await findLink(settings, volumeId);
  const fail = (evidence: string) => new DeviceError('wrong', `${deviceNode} ${evidence}`, deviceNode);
  if (link.sysfs === undefined) {
    throw fail(`leads to ${link.target}, of which ${settings.sysfsBlockDirectory} knows nothing`);
  }
  const [found, disk, bootId] = await Promise.all([stat(link.target), readSysfsDisk(link.sysfs), readBootId()]);
  if (!found.isBlockDevice() && !(settings.simulated && found.isFile())) {
    throw fail(
      found.isFile()
        ? `leads to ${link.target}, a regular file, and this appliance is not a simulated one`
        : `leads to ${link.target}, which is no block device`,
    );
  }
  if (disk.serial !== serial) throw fail(`(${link.kernelNode}) has serial ${disk.serial ?? 'none'}, not ${serial}`);
  if (disk.sizeBytes === undefined) throw fail(`(${link.kernelNode}) shows no size in ${link.sysfs}`);
  if (disk.readOnly) throw fail(`(${link.kernelNode}) is read-only`);
  if (found.isFile() && found.size !== disk.sizeBytes) {
    throw fail(`leads to a file of ${String(found.size)} bytes, ${link.sysfs} says ${String(disk.sizeBytes)}`);
  }
  const number = disk.deviceNumbers.get(path.basename(link.sysfs));
  if (found.isBlockDevice() && number !== undefined && number !== formatDeviceNumber(found.rdev)) {
    throw fail(`is device ${formatDeviceNumber(found.rdev)}, ${link.sysfs} describes ${number}`);
  }
  const proof: DeviceProof = {
    deviceNode,
    kernelNode: link.kernelNode,
    serial,
    sizeBytes: disk.sizeBytes,
    bootId,
    instance: instanceOf(found, disk.diskSequence),
    simulated: found.isFile(),
  };
  return { proof, target: link.target, disk };
}

/**
 * What another disk under the same name, or the same disk plugged anew, does not have. A file that stands for a device outlives
 * its unplugging, so its diskseq counts too, where there is one.
 */
function instanceOf(found: Stats, diskSequence: string | undefined): string {
  if (found.isFile()) {
    return [`${String(found.dev)}:${String(found.ino)}`, ...(diskSequence === undefined ? [] : [diskSequence])].join(
      ':',
    );
  }
  // before Linux 5.15 there is no diskseq; the device number is the best that is left
  return diskSequence ?? `rdev ${formatDeviceNumber(found.rdev)}`;
}

/** The link of the volume's serial; several may be there (virtio-scsi has two), but they must lead to one device. */
async function findLink(
  settings: DeviceResolverSettings,
  volumeId: string,
): Promise<{ deviceNode: string; link: FollowedLink }> {
  const candidates = byIdLinkNames(volumeId).map((name) => path.join(settings.byIdDirectory, name));
  const found: { deviceNode: string; link: FollowedLink }[] = [];
  for (const deviceNode of candidates) {
    const link = await followLink(deviceNode, settings.sysfsBlockDirectory);
    if (link !== undefined) found.push({ deviceNode, link });
  }
  const [first, ...others] = found;
  if (first === undefined) {
    throw new DeviceError(
      'missing',
      `none of ${candidates.map((file) => path.basename(file)).join(', ')} leads to a device`,
    );
  }
  const other = others.find(({ link }) => link.target !== first.link.target);
  if (other !== undefined) {
    throw new DeviceError(
      'wrong',
      `${first.deviceNode} leads to ${first.link.target}, ${other.deviceNode} to ${other.link.target}`,
      first.deviceNode,
    );
  }
  return first;
}

async function refuseIfInUse(device: IdentifiedDevice): Promise<void> {
  const { disk, proof } = device;
  if (disk.holders.length > 0) throw inUse(device, `is held by ${disk.holders.join(', ')}`);
  if (proof.simulated) return;
  const mounts = mountPoints(await readFile('/proc/self/mountinfo', 'utf8'));
  const numbers = new Map(disk.deviceNumbers).set(
    path.basename(device.target),
    formatDeviceNumber((await stat(device.target)).rdev),
  );
  for (const [name, number] of numbers) {
    const point = mounts.get(number);
    if (point !== undefined) throw inUse(device, `is mounted: ${name} on ${point}`);
  }
}

/**
 * O_EXCL on a block device fails while anything of this kernel claims it or a partition of it: a mount in any namespace, swap,
 * md, device mapper. Opened read-only, since closing a device that was open for writing makes udev look at it anew. Two proofs
 * at a time exclude each other for a moment: here they queue, another process gets a second look.
 */
async function openExclusively(device: IdentifiedDevice): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      const handle = await open(device.target, constants.O_RDONLY | constants.O_EXCL);
      await handle.close();
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY') {
        throw wrong(device, `cannot be opened: ${(error as Error).message}`);
      }
      if (tries === 5)
        throw inUse(device, 'is claimed by something of the kernel (mount, swap, LVM, md): open(O_EXCL) says EBUSY');
      await pause(50);
    }
  }
}

/** What still shows the volume on this appliance, or undefined. */
async function traces(settings: DeviceResolverSettings, volumeId: string): Promise<string | undefined> {
  for (const name of byIdLinkNames(volumeId)) {
    const link = path.join(settings.byIdDirectory, name);
    if (await isThere(link)) return `${link} is there`;
  }
  const serial = volumeSerial(volumeId);
  for (const name of await names(settings.sysfsBlockDirectory)) {
    const folder = path.join(settings.sysfsBlockDirectory, name);
    if ((await readSerial(folder)) === serial) return `${folder} has serial ${serial}`;
  }
  // a device that the kernel took away leaves no name to look for; a simulated one is a file with the volume's id in its name
  const holders = settings.simulated ? await holdersOfPath(`${volumeId}.raw`) : [];
  return holders.length > 0 ? `its file is held open by ${holders.join(', ')}` : undefined;
}

async function isThere(file: string): Promise<boolean> {
  try {
    await lstat(file);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

function wrong(device: IdentifiedDevice, evidence: string): DeviceError {
  const { deviceNode, kernelNode } = device.proof;
  return new DeviceError('wrong', `${deviceNode} (${kernelNode}) ${evidence}`, deviceNode);
}

function inUse(device: IdentifiedDevice, evidence: string): DeviceError {
  const { deviceNode, kernelNode } = device.proof;
  return new DeviceError('in-use', `${deviceNode} (${kernelNode}) ${evidence}`, deviceNode);
}
