/**
 * The device path: the logical, globally unique name of one volume on one VM. One function makes it for every kind of
 * attachment, data and root, appliance and failover VM alike. The older system left the volume out of it, so that the second
 * volume of a VM hit the unique key of the first (VD-2025-0928-001).
 */

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const CURRENT = new RegExp(`^remote-vm-(${UUID})-(${UUID})$`);
const VM_ONLY = new RegExp(`^remote-vm-(${UUID})$`);
const VM_ROOT = new RegExp(`^remote-vm-root-(${UUID})$`);
const ONE_UUID = new RegExp(`^${UUID}$`);

/**
 * Makes the device path `remote-vm-{vm_id}-{volume_uuid}`.
 *
 * @param vmId - CloudStack uuid of the VM that the volume is attached to, lower case
 * @param volumeId - CloudStack uuid of the volume, lower case
 * @throws RangeError when either is no lower-case uuid: a path made from anything else would not be unique
 */
export function devicePath(vmId: string, volumeId: string): string {
  for (const [name, id] of [
    ['vm id', vmId],
    ['volume uuid', volumeId],
  ] as const) {
    if (!ONE_UUID.test(id)) throw new RangeError(`a device path needs a lower-case ${name}, not ${JSON.stringify(id)}`);
  }
  return `remote-vm-${vmId}-${volumeId}`;
}

/** What a stored device path turned out to be; every form but `current` was written by the older system. */
export type ParsedDevicePath =
  | { readonly form: 'current'; readonly vmId: string; readonly volumeId: string }
  | { readonly form: 'vm-only'; readonly vmId: string }
  | { readonly form: 'vm-root'; readonly vmId: string }
  | { readonly form: 'device-node'; readonly deviceNode: string }
  | { readonly form: 'unknown'; readonly text: string };

/** Recognises a stored device path, in today's form or one of the older ones (`remote-vm-{vm}`, `remote-vm-root-{vm}`, `/dev/…`). */
export function parseDevicePath(text: string): ParsedDevicePath {
  const current = CURRENT.exec(text);
  if (current?.[1] !== undefined && current[2] !== undefined) {
    return { form: 'current', vmId: current[1], volumeId: current[2] };
  }
  const vmOnly = VM_ONLY.exec(text);
  if (vmOnly?.[1] !== undefined) return { form: 'vm-only', vmId: vmOnly[1] };
  const vmRoot = VM_ROOT.exec(text);
  if (vmRoot?.[1] !== undefined) return { form: 'vm-root', vmId: vmRoot[1] };
  if (/^\/dev\/.+/.test(text)) return { form: 'device-node', deviceNode: text };
  return { form: 'unknown', text };
}
