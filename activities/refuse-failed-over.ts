import type { LiveFailover } from '../database/failovers';
import { failure } from '../domain/failures';
import { sourceVmPath, type SourceVmKey } from '../domain/names';

/** The refusal of everything that cannot be while a VM is failed over. @throws vm-failed-over */
export function refuseFailedOver(vm: SourceVmKey, live: LiveFailover | undefined): void {
  if (live === undefined) return;
  const { failoverVmId, failoverVmName, since } = live;
  throw failure('vm-failed-over', { vm: sourceVmPath(vm), failoverVmId, failoverVmName, since });
}
