import { byIdLinkNames } from '../domain/names';
import type { PlugRow } from './rows';

/** The name under `by-id` that the guest's udev gives to a disk, by the bus that it hangs on. */
export function linkName(plug: PlugRow): string {
  const [virtio, scsi] = byIdLinkNames(plug.volumeId);
  return (plug.bus === 'virtio' ? virtio : scsi) ?? '';
}
