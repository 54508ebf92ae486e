import { type DiskferryFailure, failure } from '../domain/failures';
import type { DiskRequest } from '../domain/request';
import { bytesToGibUp } from '../domain/sizes';

/** Why CloudStack would refuse a volume for the disk because of its size; undefined when it fits. */
export function judgeSize(
  disk: Pick<DiskRequest, 'key' | 'sizeBytes'>,
  site: string,
  limits: { readonly minGib: number; readonly maxGib: number },
): DiskferryFailure | undefined {
  const sizeGib = bytesToGibUp(disk.sizeBytes);
  const fields = { diskKey: disk.key, sizeGib, site };
  if (sizeGib > limits.maxGib) return failure('disk-too-large', { ...fields, limitGib: limits.maxGib });
  if (sizeGib < limits.minGib) return failure('disk-too-small', { ...fields, limitGib: limits.minGib });
  return undefined;
}
