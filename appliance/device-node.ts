import { readFile, readdir, readlink, realpath, stat } from 'node:fs/promises';
import path from 'node:path';

/** Where an appliance shows its disks; settings, so that anything that makes such links and files can stand in for a kernel. */
export interface DeviceDirectories {
  /** `/dev/disk/by-id`: links whose names end in the serial */
  readonly byIdDirectory: string;
  /** `/sys/block`: one folder per disk, by kernel name */
  readonly sysfsBlockDirectory: string;
}

/** A by-id link followed to its end. */
export interface FollowedLink {
  /** the device itself: `/dev/vdc` */
  readonly target: string;
  /** folder of the disk below the sysfs block directory; undefined when no name on the way has one */
  readonly sysfs: string | undefined;
  /** name on the way that has a sysfs folder, or the target */
  readonly kernelNode: string;
}

/**
 * Follows a by-id link hop by hop. The first name on the way that has a folder in sysfs is the kernel name: a real link leads
 * straight to `/dev/vdc`, a simulated one through `dev/vdc` to the file behind it.
 *
 * @returns undefined when the link is not there or leads nowhere
 */
export async function followLink(link: string, sysfsBlockDirectory: string): Promise<FollowedLink | undefined> {
  let target: string;
  try {
    target = await realpath(link);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  let hop = link;
  for (let hops = 0; hops < 16; hops += 1) {
    const next = await readlinkOrUndefined(hop);
    if (next === undefined) break;
    hop = path.resolve(path.dirname(hop), next);
    const sysfs = path.join(sysfsBlockDirectory, path.basename(hop));
    if (await isDirectory(sysfs)) return { target, sysfs, kernelNode: hop };
  }
  return { target, sysfs: undefined, kernelNode: target };
}

/** What sysfs says about a disk; fields that it does not show are undefined. */
export interface SysfsDisk {
  readonly serial: string | undefined;
  readonly sizeBytes: number | undefined;
  readonly readOnly: boolean;
  /** `major:minor` of the disk and of its partitions, by name */
  readonly deviceNumbers: ReadonlyMap<string, string>;
  /** what sits on the disk or on one of its partitions (LVM, md, device mapper) */
  readonly holders: readonly string[];
  readonly diskSequence: string | undefined;
}

/** Reads a disk's sysfs folder. */
export async function readSysfsDisk(folder: string): Promise<SysfsDisk> {
  const [serial, sectors, readOnly, diskSequence, number, partitions] = await Promise.all([
    readSerial(folder),
    readText(path.join(folder, 'size')),
    readText(path.join(folder, 'ro')),
    readText(path.join(folder, 'diskseq')),
    readText(path.join(folder, 'dev')),
    partitionsOf(folder),
  ]);
  const name = path.basename(folder);
  const deviceNumbers = new Map<string, string>(number === undefined ? [] : [[name, number]]);
  const holders = await names(path.join(folder, 'holders'));
  for (const partition of partitions) {
    const partitionNumber = await readText(path.join(folder, partition, 'dev'));
    if (partitionNumber !== undefined) deviceNumbers.set(partition, partitionNumber);
    holders.push(...(await names(path.join(folder, partition, 'holders'))));
  }
  return {
    serial,
    // sysfs counts 512-byte sectors whatever the disk's own sector size is (reference/cloudstack-api.md §7)
    sizeBytes: sectors !== undefined && /^\d+$/.test(sectors) ? Number(sectors) * 512 : undefined,
    readOnly: readOnly === '1',
    deviceNumbers,
    holders,
    diskSequence,
  };
}

/**
 * The serial of a disk: virtio-blk shows it in `serial`; virtio-scsi has no such file, its serial is in `device/vpd_pg80` after
 * a 4-byte page header (seen in a Linux 6.1 guest, reference/cloudstack-api.md §7).
 */
export async function readSerial(folder: string): Promise<string | undefined> {
  const serial = await readText(path.join(folder, 'serial'));
  if (serial !== undefined && serial !== '') return serial;
  try {
    const page = await readFile(path.join(folder, 'device', 'vpd_pg80'));
    return page.subarray(4).toString('latin1').replaceAll('\0', '').trim();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Mount points of devices, by `major:minor`, from the text of /proc/self/mountinfo. */
export function mountPoints(mountInfo: string): Map<string, string> {
  const points = new Map<string, string>();
  for (const line of mountInfo.split('\n')) {
    const [, , number, , point] = line.split(' ');
    if (number !== undefined && point !== undefined) points.set(number, point);
  }
  return points;
}

/** `major:minor` of a device number as stat gives it (glibc's encoding). */
export function formatDeviceNumber(device: number): string {
  const value = BigInt(device);
  const major = ((value >> 8n) & 0xfffn) | ((value >> 32n) & 0xfffff000n);
  const minor = (value & 0xffn) | ((value >> 12n) & 0xffffff00n);
  return `${String(major)}:${String(minor)}`;
}

/** Whether an error says that a file or folder is not there; sysfs says ENODEV or ENXIO while a disk is being taken away. */
export function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ENODEV', 'ENXIO'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** Names in a folder; none when it is not there. */
export async function names(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function partitionsOf(folder: string): Promise<string[]> {
  const disk = path.basename(folder);
  const children = (await names(folder)).filter((name) => name.startsWith(disk));
  const marks = await Promise.all(children.map((name) => readText(path.join(folder, name, 'partition'))));
  return children.filter((_, index) => marks[index] !== undefined);
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function readlinkOrUndefined(file: string): Promise<string | undefined> {
  try {
    return await readlink(file);
  } catch (error) {
    if (isMissing(error) || (error as NodeJS.ErrnoException).code === 'EINVAL') return undefined;
    throw error;
  }
}

async function isDirectory(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isDirectory();
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
