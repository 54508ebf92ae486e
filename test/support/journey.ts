import { randomBytes, randomUUID } from 'node:crypto';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { steps, type StepName } from '../../domain/steps';
import type {
  CopyDiskInput,
  CreateVolumeInput,
  DeviceProof,
  ExportInput,
  MapDeviceInput,
  VmRef,
  VolumeRef,
} from '../../domain/step-io';
import type { UndoOutcome } from '../../domain/undo-policy';
import { type ActivityWorld, type Actor } from './activity-world';

const MIB = 1_048_576;
export const DISK_KEY = 2001;

/** The steps in their order, as domain/steps.ts has it. */
export const stepOrder: readonly StepName[] = (Object.keys(steps) as StepName[]).sort(
  (a, b) => steps[a].order - steps[b].order,
);

/** One disk on its way through the steps: makes each step's input out of what the ones before answered. */
export class Journey {
  readonly vm: VmRef;
  /** a raw image with some data and some holes, smaller than its volume */
  readonly source: string;
  volume: VolumeRef | undefined;
  device: DeviceProof | undefined;
  deviceId = 0;
  private readonly disk: Pick<CreateVolumeInput, 'diskKey' | 'boot'>;

  private constructor(vm: VmRef, source: string, disk: Pick<CreateVolumeInput, 'diskKey' | 'boot'>) {
    this.vm = vm;
    this.source = source;
    this.disk = disk;
  }

  static async begin(
    world: ActivityWorld,
    vm: VmRef,
    disk: Pick<CreateVolumeInput, 'diskKey' | 'boot'> = { diskKey: DISK_KEY, boot: true },
  ): Promise<Journey> {
    const source = path.join(world.folder, `source-${randomUUID().slice(0, 8)}.raw`);
    const file = await open(source, 'w');
    await file.write(randomBytes(MIB), 0, MIB, 3 * MIB);
    await file.write(randomBytes(4096), 0, 4096, 64 * MIB - 4096);
    await file.close();
    return new Journey(vm, source, disk);
  }

  get createInput(): CreateVolumeInput {
    return { ...this.vm, attempt: 1, ...this.disk, sizeBytes: 64 * MIB };
  }

  get volumeInput(): VolumeRef {
    if (this.volume === undefined) throw new Error('createVolume has not answered yet');
    return this.volume;
  }

  get exportInput(): ExportInput {
    if (this.device === undefined) throw new Error('resolveDevice has not answered yet');
    return { ...this.volumeInput, device: this.device };
  }

  get mapInput(): MapDeviceInput {
    return { ...this.volumeInput, deviceNode: this.exportInput.device.deviceNode, cloudStackDeviceId: this.deviceId };
  }

  get copyInput(): CopyDiskInput {
    return { ...this.exportInput, source: { kind: 'file', path: this.source }, targetIsZero: true };
  }

  /** Runs one step and remembers what later ones need. Gives back the step's answer. */
  async run(actor: Actor, step: StepName): Promise<unknown> {
    const { activities } = actor;
    switch (step) {
      case 'createVolume': {
        const made = await activities.createVolume(this.createInput);
        const { attempt, diskKey } = this.createInput;
        this.volume = { ...this.vm, attempt, diskKey, volumeId: made.volumeId, volumeBytes: made.volumeBytes };
        return made;
      }
      case 'attachVolume': {
        const attached = await activities.attachVolume(this.volumeInput);
        this.deviceId = attached.cloudStackDeviceId;
        return attached;
      }
      case 'resolveDevice':
        return (this.device = await activities.resolveDevice(this.volumeInput));
      case 'mapDevice':
        return await activities.mapDevice(this.mapInput);
      case 'beginCopy':
        await activities.beginCopy(this.volumeInput);
        return undefined;
      case 'openExport':
        return await activities.openExport(this.exportInput);
      case 'copyDisk':
        return await activities.copyDisk(this.copyInput);
      case 'verifyDisk':
        return await activities.verifyDisk(this.exportInput);
    }
  }

  /** Runs every step before this one. */
  async runBefore(actor: Actor, step: StepName): Promise<void> {
    for (const before of stepOrder.slice(0, stepOrder.indexOf(step))) await this.run(actor, before);
  }

  async runThrough(actor: Actor, step: StepName): Promise<void> {
    await this.runBefore(actor, step);
    await this.run(actor, step);
  }

  /** Everything taken back, newest first, as compensation does; what holds data stays, detached. */
  async takeBack(actor: Actor): Promise<UndoOutcome[]> {
    const { activities } = actor;
    const { volume } = this;
    const outcomes: UndoOutcome[] = [];
    if (volume !== undefined) {
      outcomes.push(await activities.closeExport(volume));
      outcomes.push(await activities.unmapDevice(volume));
      outcomes.push(await activities.detachVolume(volume));
      outcomes.push(await activities.confirmDeviceGone(volume));
    }
    outcomes.push(await activities.deleteVolume(this.createInput));
    return outcomes;
  }

  /** What an operator does with a replica that nobody needs any more: out of the appliance, and deleted by name. */
  async releaseAndDelete(actor: Actor): Promise<void> {
    const { activities } = actor;
    const release = { ...this.volumeInput, mode: 'release' as const };
    await activities.closeExport(release);
    await activities.unmapDevice(release);
    await activities.detachVolume(release);
    await activities.confirmDeviceGone(release);
    await activities.deleteVolume(release);
  }
}
