import { readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeDeviceResolver } from '../../../appliance/device-resolver';
import { DeviceError } from '../../../appliance/ports';
import { volumeSerial } from '../../../domain/names';
import { GIB } from '../../../domain/sizes';
import type { DeviceProof } from '../../../domain/step-io';
import { simulatedSite, type SimulatedSite } from '../../simulator/simulated-site';
import { until } from '../../support/until';
import { sysfsFiles, type ShownDisk, type Verdict } from '../agent/protocol';
import { GuestMachine, type PluggedDisk } from './guest-machine';

type Bus = PluggedDisk['bus'];

/** How a disk differs from what CloudStack plugs. */
type Oddity = Partial<Pick<PluggedDisk, 'serial' | 'readOnly' | 'sectorBytes'>> & { readonly withoutSerial?: boolean };

/** What both sides said to one question, in words that do not depend on kernel names and folders. */
export interface BothSaid {
  readonly real: Verdict<object>;
  readonly simulated: Verdict<object>;
}

export interface BothProofs {
  readonly real: DeviceProof;
  readonly simulated: DeviceProof;
}

/** A guest of a real kernel and the simulator's guests, into which the same volumes are plugged. */
export class SideBySide {
  private count = 0;
  private readonly attached = new Map<string, Bus>();

  private constructor(
    readonly guest: GuestMachine,
    readonly site: SimulatedSite,
  ) {}

  static async start(): Promise<SideBySide> {
    const site = await simulatedSite({ timings: { linkDelayMs: [0, 0] } });
    try {
      return new SideBySide(await GuestMachine.boot(), site);
    } catch (error) {
      await site.close();
      throw error;
    }
  }

  /** Creates a volume, attaches it in CloudStack and plugs it into the real guest under its serial, both until shown. */
  async plug(bus: Bus, place: number, oddity: Oddity = {}): Promise<{ volumeId: string; shown: ShownDisk }> {
    this.count += 1;
    const volumeId = await this.site.newVolume(`disk-${String(this.count)}`);
    return { volumeId, shown: await this.plugAgain(volumeId, bus, place, oddity) };
  }

  async plugAgain(volumeId: string, bus: Bus, place: number, oddity: Oddity = {}): Promise<ShownDisk> {
    await this.site.admin.run('attachVolume', { id: volumeId, virtualmachineid: this.machineId(bus) });
    this.attached.set(volumeId, bus);
    await until(() =>
      this.simulatedNames(bus).some((name) => this.linkedTo(bus, name).includes(volumeSerial(volumeId))),
    );
    const { withoutSerial, ...rest } = oddity;
    const serial = withoutSerial === true ? undefined : volumeSerial(volumeId);
    return await this.guest.plug(volumeId, {
      bus,
      place,
      sizeBytes: GIB,
      ...(serial !== undefined && { serial }),
      ...rest,
    });
  }

  async unplug(volumeId: string): Promise<void> {
    await this.site.admin.run('detachVolume', { id: volumeId });
    this.attached.delete(volumeId);
    await this.guest.unplug(volumeId);
  }

  async unplugAll(): Promise<void> {
    for (const volumeId of [...this.attached.keys()]) await this.unplug(volumeId);
  }

  async prove(volumeId: string, minBytes: number = GIB, bus = this.busOf(volumeId)): Promise<BothSaid> {
    return {
      real: comparable(await this.guest.prove(volumeId, minBytes)),
      simulated: comparable(await settled(this.resolver(bus).prove(volumeId, minBytes))),
    };
  }

  /** Takes the proofs as the two sides gave them. */
  async reprove(volumeId: string, proofs: BothProofs, bus = this.busOf(volumeId)): Promise<BothSaid> {
    const simulated = this.resolver(bus).reprove(volumeId, proofs.simulated);
    return {
      simulated: comparable(await settled(simulated.then(() => 'proven'))),
      real: comparable(await this.guest.reprove(volumeId, proofs.real)),
    };
  }

  /** The proofs themselves; fails when a side refuses. */
  async proofs(volumeId: string): Promise<BothProofs> {
    const real = await this.guest.prove(volumeId, GIB);
    if ('refused' in real) throw new Error(real.refused.evidence);
    return { real: real.value, simulated: await this.resolver(this.busOf(volumeId)).prove(volumeId, GIB) };
  }

  async gone(volumeId: string, bus: Bus): Promise<{ real: boolean; simulated: boolean }> {
    return {
      real: (await this.guest.gone(volumeId)).gone,
      simulated: (await this.resolver(bus).gone(volumeId)).gone,
    };
  }

  /** The simulator's folders of the disk, read as the agent reads the real ones. */
  simulatedDisk(volumeId: string): ShownDisk {
    const bus = this.busOf(volumeId);
    const serial = volumeSerial(volumeId);
    const kernelName = this.simulatedNames(bus).find((name) => this.linkedTo(bus, name).includes(serial));
    if (kernelName === undefined) throw new Error(`the simulator shows no disk with the serial ${serial}`);
    const folder = path.join(this.folder(bus, 'sys-block'), kernelName);
    const files = sysfsFiles.flatMap((file) => {
      try {
        return [[file, readFileSync(path.join(folder, file)).toString('base64')] as const];
      } catch {
        return [];
      }
    });
    return { kernelName, links: this.linksTo(bus, kernelName), files: Object.fromEntries(files) };
  }

  /** Makes the simulator's folder say what the real kernel says of an odd disk, file by file, and the link lead to it all the same. */
  async copyOddity(volumeId: string, shown: ShownDisk): Promise<void> {
    const { kernelName, links } = this.simulatedDisk(volumeId);
    const folder = path.join(this.folder(this.busOf(volumeId), 'sys-block'), kernelName);
    for (const file of ['serial', 'ro', 'device/vpd_pg80']) {
      const content = shown.files[file];
      if (content === undefined) rmSync(path.join(folder, file), { force: true });
      else writeFileSync(path.join(folder, file), Buffer.from(content, 'base64'));
    }
    for (const link of links) await this.guest.forceLink(link, shown.kernelName);
  }

  /** Takes the volume's link away on the simulator's side, as udev makes none for a disk without its serial. */
  removeSimulatedLink(volumeId: string): void {
    const bus = this.busOf(volumeId);
    for (const link of this.simulatedDisk(volumeId).links) rmSync(path.join(this.folder(bus, 'by-id'), link));
  }

  /** Makes the volume's link lead to the disk of another volume, on both sides. */
  async mislead(volumeId: string, other: ShownDisk, otherVolumeId: string): Promise<void> {
    const bus = this.busOf(volumeId);
    for (const name of this.simulatedDisk(volumeId).links) {
      await this.guest.forceLink(name, other.kernelName);
      const link = path.join(this.folder(bus, 'by-id'), name);
      rmSync(link);
      symlinkSync(`../dev/${this.simulatedDisk(otherVolumeId).kernelName}`, link);
    }
  }

  async stop(): Promise<void> {
    await Promise.all([this.guest.stop(), this.site.close()]);
  }

  machineId(bus: Bus): string {
    return this.site.machines[bus === 'virtio' ? 'appliance-qc' : 'appliance-qc-2'] ?? '';
  }

  private busOf(volumeId: string): Bus {
    const bus = this.attached.get(volumeId);
    if (bus === undefined) throw new Error(`${volumeId} is not attached`);
    return bus;
  }

  private folder(bus: Bus, part: 'by-id' | 'sys-block'): string {
    return path.join(this.site.simulator.stateDirectory, 'guests', this.machineId(bus), part);
  }

  private resolver(bus: Bus): ReturnType<typeof makeDeviceResolver> {
    return makeDeviceResolver({
      byIdDirectory: this.folder(bus, 'by-id'),
      sysfsBlockDirectory: this.folder(bus, 'sys-block'),
      simulated: true,
    });
  }

  private simulatedNames(bus: Bus): string[] {
    return readdirSync(this.folder(bus, 'sys-block'));
  }

  private linksTo(bus: Bus, kernelName: string): string[] {
    const folder = this.folder(bus, 'by-id');
    return readdirSync(folder).filter((name) => readlinkSync(path.join(folder, name)) === `../dev/${kernelName}`);
  }

  private linkedTo(bus: Bus, kernelName: string): string {
    return this.linksTo(bus, kernelName).join(' ');
  }
}

async function settled<Value>(work: Promise<Value>): Promise<Verdict<Value>> {
  try {
    return { value: await work };
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    return { refused: { kind: error.kind, evidence: error.evidence } };
  }
}

/** Without what must differ: folders, kernel names, the instance's own number, whether it is a file. */
function comparable(verdict: Verdict<DeviceProof | 'proven'>): Verdict<object> {
  if ('refused' in verdict) {
    const evidence = verdict.refused.evidence
      .replace(/(?:\/[^\s/(]+)+\/by-id\//g, '/dev/disk/by-id/')
      .replace(/(?:\/[^\s/(]+)+\/[vs]d[a-z]+/g, '/dev/NODE')
      .replace(/(instance) .* now .*$/, '$1');
    return { refused: { kind: verdict.refused.kind, evidence } };
  }
  if (verdict.value === 'proven') return { value: {} };
  const { deviceNode, serial, sizeBytes } = verdict.value;
  return { value: { link: path.basename(deviceNode), serial, sizeBytes } };
}
