import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { volumeSerial } from '../domain/names';
import { removeGuestLeftovers } from './guest-leftovers';
import { linkName } from './guest-link';
import { freeKernelName } from './kernel-names';
import type { MachineRow, PlugRow, VolumeRow } from './rows';
import { makeSparseFile } from './sparse-file';
import type { World } from './world';

/** How a disk shows itself in the guest, where that is not the ordinary way. */
export interface Appearance {
  /** milliseconds until the device is there; null for never */
  readonly deviceDelayMs?: number | null;
  /** milliseconds until the by-id link is there, after the device; null for never */
  readonly linkDelayMs?: number | null;
  /** the link points to another device than its name says */
  readonly wrongLink?: boolean;
}

/**
 * The guests' side of the hypervisor: folders that stand for `/dev`, `/dev/disk/by-id` and `/sys/block` of each VM
 * (`guests/{vm id}/dev`, `by-id`, `sys-block`). What a guest shows is what is plugged, not what the server believes. File
 * contents are those of a Linux 6.1 guest (CloudStack reference §7).
 */
export class Guests {
  private readonly timers = new Map<string, NodeJS.Timeout[]>();
  /** folders that are there: asking the file system each time takes longer than the rest of a plug */
  private readonly made = new Set<string>();

  constructor(private readonly world: World) {
    this.prepare();
    removeGuestLeftovers(world);
    for (const plug of world.plugs.values()) this.show(plug);
  }

  /** Makes the folders of every guest that has none. */
  prepare(): void {
    for (const machine of this.world.machines.values()) {
      if (machine.removed !== null) continue;
      for (const folder of ['by-id', 'dev', 'sys-block']) this.path(machine.id, folder);
    }
  }

  /** The folder of one guest, made when missing. */
  path(vmId: string, ...parts: string[]): string {
    const path = join(this.world.directory, 'guests', vmId, ...parts);
    if (this.made.has(path)) return path;
    mkdirSync(path, { recursive: true });
    this.made.add(path);
    return path;
  }

  volumeFile(volumeId: string): string {
    return join(this.world.directory, 'volumes', `${volumeId}.raw`);
  }

  /** Plugs a volume in; one that is plugged already stays as it is. */
  plug(vmId: string, volume: VolumeRow, appearance: Appearance = {}): void {
    const id = `${vmId}/${volume.id}`;
    if (this.world.plugs.get(id) !== undefined) return;
    const machine = this.world.machine(vmId);
    this.world.machines.put({ ...machine, plugged: machine.plugged + 1 });
    const [least, most] = this.world.timings.linkDelayMs;
    const delay =
      appearance.deviceDelayMs === undefined ? least + Math.random() * (most - least) : appearance.deviceDelayMs;
    const deviceAt = delay === null ? null : Date.now() + delay;
    const linkDelay = appearance.linkDelayMs === undefined ? 0 : appearance.linkDelayMs;
    const plug = this.world.plugs.put({
      id,
      vmId,
      volumeId: volume.id,
      kernelName: freeKernelName(machine, this.world.plugsOf(vmId), volume.deviceId),
      bus: machine.bus,
      sizeBytes: volume.sizeBytes,
      sequence: machine.plugged + 1,
      deviceAt,
      linkAt: deviceAt === null || linkDelay === null ? null : deviceAt + linkDelay,
      unplugAt: null,
      linkTo: appearance.wrongLink === true ? this.wrongTarget(machine) : null,
    });
    this.show(plug);
  }

  /** Takes a volume out; the guest no longer shows it when this returns. */
  unplug(vmId: string, volumeId: string): void {
    const plug = this.world.plugs.get(`${vmId}/${volumeId}`);
    if (plug === undefined) return;
    this.stopTimers(plug.id);
    this.hide(plug);
    this.world.plugs.remove(plug.id);
  }

  /** The guest lets go of a disk some time after the server has given up waiting. */
  unplugLater(vmId: string, volumeId: string, ms: number): void {
    const plug = this.world.plugs.get(`${vmId}/${volumeId}`);
    if (plug === undefined) return;
    const { unplugAt } = this.world.plugs.put({ ...plug, unplugAt: Date.now() + ms });
    this.at(plug.id, unplugAt, () => {
      this.unplug(vmId, volumeId);
    });
  }

  /** The VM was switched off: ghosts go too. */
  unplugAll(vmId: string): void {
    for (const plug of this.world.plugsOf(vmId)) this.unplug(vmId, plug.volumeId);
  }

  /** After a resize: the guest sees the new size. */
  resize(volume: VolumeRow): void {
    for (const plug of this.world.plugsOfVolume(volume.id)) {
      const resized = this.world.plugs.put({ ...plug, sizeBytes: volume.sizeBytes });
      if (plug.deviceAt !== null && plug.deviceAt <= Date.now()) {
        writeFileSync(join(this.path(plug.vmId, 'sys-block'), plug.kernelName, 'size'), sectors(resized));
      }
    }
  }

  /** What each guest shows right now, for the control endpoint. */
  devices(vmId: string): { kernelName: string; links: string[] }[] {
    const links = readdirSync(this.path(vmId, 'by-id')).map((name) => ({
      name,
      target: readlinkSync(join(this.path(vmId, 'by-id'), name)),
    }));
    return readdirSync(this.path(vmId, 'sys-block')).map((kernelName) => ({
      kernelName,
      links: links.filter((link) => link.target === `../dev/${kernelName}`).map((link) => link.name),
    }));
  }

  /** Everything out of every guest, for a reset. */
  clear(): void {
    for (const plug of [...this.world.plugs.values()]) this.unplug(plug.vmId, plug.volumeId);
    this.made.clear();
    for (const folder of ['guests', 'volumes', 'snapshots', 'vm-snapshots'])
      rmSync(join(this.world.directory, folder), { recursive: true, force: true });
  }

  close(): void {
    for (const id of [...this.timers.keys()]) this.stopTimers(id);
  }

  private show(plug: PlugRow): void {
    this.at(plug.id, plug.deviceAt, () => {
      // It may have been resized since it was plugged.
      this.showDevice(this.world.plugs.get(plug.id) ?? plug);
    });
    this.at(plug.id, plug.linkAt, () => {
      this.showLink(plug);
    });
    this.at(plug.id, plug.unplugAt, () => {
      this.unplug(plug.vmId, plug.volumeId);
    });
  }

  private at(id: string, time: number | null, act: () => void): void {
    if (time === null) return;
    const wait = time - Date.now();
    if (wait <= 0) {
      act();
      return;
    }
    this.timers.set(id, [...(this.timers.get(id) ?? []), setTimeout(act, wait)]);
  }

  private stopTimers(id: string): void {
    for (const timer of this.timers.get(id) ?? []) clearTimeout(timer);
    this.timers.delete(id);
  }

  private showDevice(plug: PlugRow): void {
    // What a guest has shown must be plugged after a kill too.
    this.world.flush();
    ensureLink(
      join('..', '..', '..', 'volumes', `${plug.volumeId}.raw`),
      join(this.path(plug.vmId, 'dev'), plug.kernelName),
    );
    this.showBlock(plug, volumeSerial(plug.volumeId));
  }

  /** The sysfs folder of a disk, moved into place whole: a kernel shows no half of one. */
  private showBlock(plug: PlugRow, serial: string): void {
    const { vmId, kernelName } = plug;
    const shown = join(this.path(vmId, 'sys-block'), kernelName);
    if (existsSync(shown)) {
      // A resize may have been cut off before the guest saw it.
      if (readFileSync(join(shown, 'size'), 'utf8') !== sectors(plug))
        writeFileSync(join(shown, 'size'), sectors(plug));
      return;
    }
    const being = join(this.path(vmId, 'being-plugged'), kernelName);
    mkdirSync(being, { recursive: true });
    writeFileSync(join(being, 'size'), sectors(plug));
    writeFileSync(join(being, 'ro'), '0\n');
    writeFileSync(join(being, 'diskseq'), `${String(plug.sequence)}\n`);
    if (plug.bus === 'virtio') writeFileSync(join(being, 'serial'), serial);
    else {
      mkdirSync(join(being, 'device'), { recursive: true });
      const header = Buffer.from([0x00, 0x80, 0x00, serial.length]);
      writeFileSync(join(being, 'device', 'vpd_pg80'), Buffer.concat([header, Buffer.from(serial, 'latin1')]));
    }
    renameSync(being, shown);
  }

  private showLink(plug: PlugRow): void {
    ensureLink(`../dev/${plug.linkTo ?? plug.kernelName}`, join(this.path(plug.vmId, 'by-id'), linkName(plug)));
  }

  private hide(plug: PlugRow): void {
    rmSync(join(this.path(plug.vmId, 'by-id'), linkName(plug)), { force: true });
    rmSync(join(this.path(plug.vmId, 'sys-block'), plug.kernelName), { recursive: true, force: true });
    rmSync(join(this.path(plug.vmId, 'dev'), plug.kernelName), { force: true });
  }

  /** Another disk of the guest, or a disk that belongs to nobody. */
  private wrongTarget(machine: MachineRow): string {
    const [other] = this.world.plugsOf(machine.id);
    if (other !== undefined) return other.kernelName;
    const decoy: PlugRow = {
      id: '',
      vmId: machine.id,
      volumeId: '00000000-0000-4000-8000-000000000000',
      kernelName: machine.bus === 'virtio' ? 'vdzz' : 'sdzz',
      bus: machine.bus,
      sizeBytes: 1024 ** 3,
      sequence: 0,
      deviceAt: 0,
      linkAt: null,
      unplugAt: null,
      linkTo: null,
    };
    makeSparseFile(this.volumeFile(decoy.volumeId), decoy.sizeBytes);
    this.showDevice(decoy);
    return decoy.kernelName;
  }
}

/** Sysfs counts in sectors of 512 bytes whatever the disk's own are. */
function sectors(plug: PlugRow): string {
  return `${String(plug.sizeBytes / 512)}\n`;
}

/** Makes a link unless it is there already: after a restart of the simulator a guest sees nothing of it. */
function ensureLink(target: string, path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) symlinkSync(target, path);
}
