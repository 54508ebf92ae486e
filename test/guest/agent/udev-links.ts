import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * The names below /dev/disk/by-id that udev gives a disk, by its rules (systemd: rules.d/60-persistent-storage.rules), derived
 * here because the guest has no udev. It never asks which volume is meant.
 */
export function byIdNames(sysfs: string): string[] {
  const name = path.basename(sysfs);
  if (name.startsWith('vd')) {
    // KERNEL=="vd*[!0-9]", ATTRS{serial}=="?*", ENV{ID_SERIAL}="$attr{serial}", SYMLINK+="disk/by-id/virtio-$env{ID_SERIAL}"
    const serial = attribute(sysfs, 'serial')?.toString('latin1').trimEnd() ?? '';
    return serial === '' ? [] : [`virtio-${clean(serial)}`];
  }
  if (name.startsWith('sd')) {
    // KERNEL=="sd*[!0-9]|sr*", ENV{ID_SERIAL}=="?*", SYMLINK+="disk/by-id/$env{ID_BUS}-$env{ID_SERIAL}", after IMPORT of scsi_id
    const serial = scsiIdSerial(sysfs);
    return serial === undefined ? [] : [`scsi-${clean(serial)}`];
  }
  return [];
}

/**
 * ID_SERIAL as scsi_id makes it of VPD page 0x83 (systemd: src/udev/scsi_id/scsi_serial.c): the digit of the designator's type;
 * vendor and model in their full width when that type is 0, vendor specific; the designator. Qemu gives no other type unless told.
 */
function scsiIdSerial(sysfs: string): string | undefined {
  const page = attribute(sysfs, 'device/vpd_pg83');
  if (page === undefined) return undefined;
  for (let at = 4; at + 4 <= page.length; at += 4 + page.readUInt8(at + 3)) {
    const isAscii = (page.readUInt8(at) & 0x0f) === 2;
    const isVendorSpecificOfDisk = (page.readUInt8(at + 1) & 0x3f) === 0;
    if (!isAscii || !isVendorSpecificOfDisk) continue;
    const designator = page.subarray(at + 4, at + 4 + page.readUInt8(at + 3)).toString('latin1');
    const [vendor, model] = ['device/vendor', 'device/model'].map((file) => attribute(sysfs, file)?.toString('latin1'));
    return `0${inWidth(vendor, 8)}${inWidth(model, 16)}${designator}`;
  }
  return undefined;
}

function inWidth(text: string | undefined, width: number): string {
  return (text ?? '').replace(/\n$/, '').padEnd(width).slice(0, width);
}

/** util_replace_whitespace and OPTIONS="string_escape=replace" of udev. */
function clean(text: string): string {
  return text
    .trim()
    .replace(/\s+/g, '_')
    .replace(/[^\w#+\-.:=@]/g, '_');
}

function attribute(sysfs: string, name: string): Buffer | undefined {
  try {
    return readFileSync(path.join(sysfs, name));
  } catch {
    return undefined;
  }
}

/** Kernel names of the disks of a guest. */
export function diskNames(sysfsBlockDirectory: string): string[] {
  return readdirSync(sysfsBlockDirectory).filter((name) => /^[vs]d/.test(name));
}
