import { spawnSync } from 'node:child_process';
import { mkdir, open, symlink, truncate, writeFile } from 'node:fs/promises';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { byIdLinkNames, volumeSerial } from '../../../domain/names';
import type { SimulatedAppliance } from './simulated-appliance';

function run(command: string, ...args: string[]): string {
  const result = spawnSync(command, args, { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${result.stderr || String(result.error)}`);
  return result.stdout.trim();
}

/** Why this machine cannot make loop devices, or undefined when it can. */
export function loopDeviceProblem(): string | undefined {
  const folder = mkdtempSync(path.join(tmpdir(), 'dft-loop-'));
  try {
    const file = path.join(folder, 'probe');
    writeFileSync(file, Buffer.alloc(1024 * 1024));
    run('losetup', '--detach', run('losetup', '--find', '--show', file));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export interface LoopDevice {
  readonly node: string;
  readonly name: string;
  readonly file: string;
  detach(): void;
}

/** A real block device over a file, with partitions when told. */
export async function loopDevice(file: string, bytes: number, ...options: string[]): Promise<LoopDevice> {
  await (await open(file, 'a')).close();
  await truncate(file, bytes);
  const node = run('losetup', '--find', '--show', ...options, file);
  return {
    node,
    name: path.basename(node),
    file,
    detach: () => void run('losetup', '--detach', node),
  };
}

/**
 * Shows a loop device as a disk of the volume: the kernel's own sysfs files, and a serial, which a loop device lacks.
 */
export async function showAs(appliance: SimulatedAppliance, device: LoopDevice, volumeId: string): Promise<void> {
  const folder = path.join(appliance.sysfsBlockDirectory, device.name);
  await mkdir(folder);
  const partitions = [1, 2].map((number) => `${device.name}p${String(number)}`);
  for (const name of ['size', 'ro', 'dev', 'holders', 'diskseq', ...partitions]) {
    await symlink(path.join('/sys/block', device.name, name), path.join(folder, name));
  }
  await writeFile(path.join(folder, 'serial'), volumeSerial(volumeId));
  await symlink(device.node, path.join(appliance.byIdDirectory, byIdLinkNames(volumeId)[0] ?? ''));
}

export { run as runSynchronously };
