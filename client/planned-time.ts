import type { PlannedCall } from './failover-calls';

/**
 * What a job of CloudStack takes at the least, in seconds: the fastest seen on an idle 4.22.1.0 whose hypervisor answers at once
 * (reference: cloudstack-api.md §7). A real site takes longer; it is a floor, not a promise.
 */
const jobSeconds: Readonly<Record<string, number>> = {
  createSnapshot: 1.9,
  createVolume: 0.3,
  attachVolume: 1.3,
  detachVolume: 1.3,
  deployVirtualMachine: 0.3,
  startVirtualMachine: 1.6,
  stopVirtualMachine: 1.6,
  destroyVirtualMachine: 1.6,
  expungeVirtualMachine: 6.4,
};

/** Calls that CloudStack queues per VM, so that those of several disks come one after another; all others go side by side. */
const oneAfterAnother: ReadonlySet<string> = new Set(['attachVolume', 'detachVolume']);

/** How long the calls take at the least, in seconds. */
export function leastSeconds(calls: readonly PlannedCall[]): number {
  let seconds = 0;
  calls.forEach(({ command }, index) => {
    if (calls[index - 1]?.command === command && !oneAfterAnother.has(command)) return;
    seconds += jobSeconds[command] ?? 0;
  });
  return Math.ceil(seconds);
}
