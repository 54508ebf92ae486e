import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { DeviceProof } from '../../../domain/step-io';
import { packageRoot } from '../../../stack/package-root';
import { temporaryFolder } from '../../support/temporary-folder';
import { until } from '../../support/until';
import type { Greeting, ShownDisk, Verdict } from '../agent/protocol';
import { buildGuestImage } from './guest-image';
import type { Qmp } from './qmp';
import { RunningGuest } from './running-guest';

type Folder = Awaited<ReturnType<typeof temporaryFolder>>;

/** A disk as CloudStack's KVM agent hands it to libvirt, and libvirt to qemu. */
export interface PluggedDisk {
  readonly bus: 'virtio' | 'virtio-scsi';
  readonly sizeBytes: number;
  readonly serial?: string;
  /** PCI port or SCSI target, 1–7: at its start the kernel finds the disks in this order */
  readonly place: number;
  readonly readOnly?: boolean;
  readonly sectorBytes?: number;
}

const cache = path.join(packageRoot(), '.cache');
const kernelParts = path.join(cache, 'guest-kernel');

/** Why there is no guest here, as set-up said; undefined when there is one. Throws when set-up has not run. */
export function guestProblem(): string | undefined {
  const refused = path.join(cache, 'guest-kernel-refused');
  if (existsSync(refused)) return readFileSync(refused, 'utf8');
  if (existsSync(path.join(kernelParts, 'vmlinuz'))) return undefined;
  throw new Error('the kernel of the guest is not here; run: node tools/setup.mjs --for test');
}

/** A Linux guest in qemu, emulated in software, into which disks are plugged while it runs, with the device resolver inside. */
export class GuestMachine {
  private readonly plugged = new Map<string, PluggedDisk>();

  private constructor(
    private readonly folder: Folder,
    private running: RunningGuest,
  ) {}

  static async boot(): Promise<GuestMachine> {
    const folder = await temporaryFolder();
    buildGuestImage(kernelParts, path.join(folder.path, 'initramfs'));
    return new GuestMachine(folder, await powerOn(folder, () => Promise.resolve()));
  }

  get greeting(): Greeting {
    return this.running.greeting;
  }

  /** Stopped and started, as CloudStack does it: another qemu, with the disks there from the start. */
  async restart(): Promise<void> {
    await this.running.powerOff();
    this.running = await powerOn(this.folder, async (qmp) => {
      for (const [name, disk] of this.plugged) await this.add(qmp, name, disk);
    });
  }

  /** Plugs a disk in and waits until the guest's kernel shows it. */
  async plug(name: string, disk: PluggedDisk): Promise<ShownDisk> {
    const before = new Set((await this.disks()).map(({ kernelName }) => kernelName));
    await this.add(this.running.qmp, name, disk);
    this.plugged.set(name, disk);
    const added = async (): Promise<ShownDisk | undefined> =>
      (await this.disks()).find(({ kernelName }) => !before.has(kernelName));
    await until(async () => (await added()) !== undefined);
    const shown = await added();
    if (shown === undefined) throw new Error(`${name} was shown and is gone`);
    return shown;
  }

  /** Takes a disk out; qemu hears from the guest that it has let go. */
  async unplug(name: string): Promise<void> {
    await this.running.qmp.remove(qemuName(name));
    await this.running.qmp.run('blockdev-del', { 'node-name': qemuName(name) });
    this.plugged.delete(name);
  }

  disks(): Promise<ShownDisk[]> {
    return this.running.ask({ ask: 'disks' });
  }

  prove(volumeId: string, minBytes: number): Promise<Verdict<DeviceProof>> {
    return this.running.ask({ ask: 'prove', volumeId, minBytes });
  }

  reprove(volumeId: string, proof: DeviceProof): Promise<Verdict<'proven'>> {
    return this.running.ask({ ask: 'reprove', volumeId, proof });
  }

  gone(volumeId: string): Promise<{ gone: true } | { gone: false; evidence: string }> {
    return this.running.ask({ ask: 'gone', volumeId });
  }

  /** From now on a link of that name leads to that disk, whatever udev's rule says. */
  forceLink(name: string, kernelName: string): Promise<true> {
    return this.running.ask({ ask: 'forceLink', name, kernelName });
  }

  /** Runs a command of busybox in the guest. */
  async run(...command: string[]): Promise<string> {
    const output = await this.running.ask<string | { failed: string }>({ ask: 'run', command });
    if (typeof output !== 'string') throw new Error(`${command.join(' ')}: ${output.failed}`);
    return output;
  }

  async stop(): Promise<void> {
    await this.running.powerOff();
    await this.folder.remove();
  }

  private async add(qmp: Qmp, name: string, disk: PluggedDisk): Promise<void> {
    const filename = path.join(this.folder.path, `${name}.raw`);
    if (!existsSync(filename)) writeFileSync(filename, '');
    truncateSync(filename, disk.sizeBytes);
    const node = qemuName(name);
    await qmp.run('blockdev-add', {
      driver: 'raw',
      'node-name': node,
      'read-only': disk.readOnly ?? false,
      file: { driver: 'file', filename },
    });
    await qmp.run('device_add', {
      id: node,
      drive: node,
      ...(disk.bus === 'virtio'
        ? { driver: 'virtio-blk-pci', bus: `port${String(disk.place)}` }
        : {
            driver: 'scsi-hd',
            bus: 'scsi0.0',
            'scsi-id': disk.place,
            // libvirt (qemuBuildDiskDeviceProps) gives the serial, or else the drive's alias; scsi_id makes the link's name of it
            device_id: disk.serial ?? `drive-scsi0-0-0-${String(disk.place)}`,
          }),
      ...(disk.serial !== undefined && { serial: disk.serial }),
      ...(disk.sectorBytes !== undefined && {
        logical_block_size: disk.sectorBytes,
        physical_block_size: disk.sectorBytes,
      }),
    });
  }
}

function powerOn(folder: Folder, prepare: (qmp: Qmp) => Promise<void>): Promise<RunningGuest> {
  const files = { kernel: path.join(kernelParts, 'vmlinuz'), image: path.join(folder.path, 'initramfs') };
  return RunningGuest.start(folder.path, files, prepare);
}

/** Names of block nodes and devices of qemu: 31 characters, the first a letter. */
function qemuName(name: string): string {
  return `d${name.replaceAll('-', '').slice(0, 30)}`;
}
