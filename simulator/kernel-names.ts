import type { MachineRow, PlugRow } from './rows';

/** Letters that the kernel names come from: vdb … vdz, then vdaa … vdaz. */
const LETTERS = [
  ...Array.from({ length: 25 }, (_, index) => String.fromCharCode(98 + index)),
  ...Array.from({ length: 26 }, (_, index) => `a${String.fromCharCode(97 + index)}`),
];

/**
 * The name that a guest's kernel gives to the next disk. They come in an order of their own: a kernel names disks as it finds
 * them, and CloudStack's deviceid (the letter that libvirt would give) says nothing about it.
 */
export function freeKernelName(machine: MachineRow, plugged: readonly PlugRow[], deviceId: number | null): string {
  const prefix = machine.bus === 'virtio' ? 'vd' : 'sd';
  const taken = new Set(plugged.map((plug) => plug.kernelName));
  const libvirtName = deviceId === null ? '' : `${prefix}${LETTERS[deviceId - 1] ?? ''}`;
  for (let step = 0; step < LETTERS.length * 2; step += 1) {
    const name = `${prefix}${LETTERS[((machine.plugged + step) * 7 + 3) % LETTERS.length] ?? ''}`;
    if (!taken.has(name) && name !== libvirtName) return name;
  }
  throw new RangeError(`no kernel name is left in the guest ${machine.name}`);
}
