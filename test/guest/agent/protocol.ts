import type { DeviceProof } from '../../../domain/step-io';

/** What can be asked of the program that runs inside the guest. */
export type Question =
  | { readonly ask: 'disks' }
  | { readonly ask: 'prove'; readonly volumeId: string; readonly minBytes: number }
  | { readonly ask: 'reprove'; readonly volumeId: string; readonly proof: DeviceProof }
  | { readonly ask: 'gone'; readonly volumeId: string }
  /** from now on a link of that name leads to that kernel name, whatever udev's rule says */
  | { readonly ask: 'forceLink'; readonly name: string; readonly kernelName: string }
  /** a command of busybox; its output */
  | { readonly ask: 'run'; readonly command: readonly string[] };

/** A disk as the guest shows it: by-id names, and content of sysfs files in base64. */
export interface ShownDisk {
  readonly kernelName: string;
  readonly links: readonly string[];
  readonly files: Readonly<Record<string, string>>;
}

/** What the device resolver said: what it found, or why it refused. */
export type Verdict<Value> =
  { readonly value: Value } | { readonly refused: { readonly kind: string; readonly evidence: string } };

/** The first line of every boot. */
export interface Greeting {
  readonly kernel: string;
  readonly uptimeSeconds: number;
}

/** Files of a disk's folder that the device resolver reads. */
export const sysfsFiles = ['serial', 'size', 'ro', 'diskseq', 'dev', 'device/vpd_pg80'] as const;
