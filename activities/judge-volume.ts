import type { Volume } from '../cloudstack/api';
import { formatBytes } from '../domain/sizes';

/** What a volume must be to take a disk. */
export interface WantedVolume {
  /** at least this many bytes */
  readonly bytes: number;
  readonly zoneId: string;
  /** undefined: any, for a volume that was there before */
  readonly offeringId?: string;
}

/** In what a listed volume is not as it must be, for people; empty when it is. */
export function judgeVolume(volume: Volume, wanted: WantedVolume): readonly string[] {
  const differences: string[] = [];
  if (volume.size < wanted.bytes) {
    differences.push(`it holds ${formatBytes(volume.size)}, ${formatBytes(wanted.bytes)} are needed`);
  }
  if (volume.zoneid !== undefined && volume.zoneid !== wanted.zoneId) {
    differences.push(`it is in zone ${volume.zoneid}, not ${wanted.zoneId}`);
  }
  if (
    wanted.offeringId !== undefined &&
    volume.diskofferingid !== undefined &&
    volume.diskofferingid !== wanted.offeringId
  ) {
    differences.push(`its disk offering is ${volume.diskofferingid}, not ${wanted.offeringId}`);
  }
  if (volume.type !== undefined && volume.type !== 'DATADISK') differences.push(`it is a ${volume.type} volume`);
  if (volume.state !== 'Allocated' && volume.state !== 'Ready') differences.push(`it is in state ${volume.state}`);
  return differences;
}
