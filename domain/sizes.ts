/** Bytes in one GiB, CloudStack's unit for sizes in requests (its answers are in bytes). */
export const GIB = 1_073_741_824;

/**
 * The one rounding rule: a size in bytes becomes whole GiB, rounded up, because a volume must never be smaller than its disk.
 *
 * @throws RangeError when the size is no positive safe integer
 */
export function bytesToGibUp(bytes: number): number {
  if (!Number.isSafeInteger(bytes) || bytes <= 0) throw new RangeError(`not a size in bytes: ${String(bytes)}`);
  return Math.ceil(bytes / GIB);
}

/** Whole GiB in bytes. */
export function gibToBytes(gib: number): number {
  return gib * GIB;
}

/** A size for people: `107 GiB`, `1.5 GiB`, `512 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const text = unit === 0 || Number.isInteger(value) || value >= 100 ? value.toFixed(0) : value.toFixed(1);
  return `${text} ${units[unit] ?? ''}`;
}
