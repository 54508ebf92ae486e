import { invalidParameter } from './api-error';
import { checkAccess } from './call';
import type { Call } from './call';
import type { VmSnapshotRow } from './rows';
import { hasVmSnapshotTask, words } from './snapshot-checks';
import type { World } from './world';

/** The snapshot of a VM that `vmsnapshotid` names. @throws ApiError 431 when it was deleted, 531 for another account's */
export function vmSnapshotOf(call: Call): VmSnapshotRow {
  const snapshot = call.world.vmSnapshot(call.arguments.required('vmsnapshotid'));
  if (snapshot.removed !== null) {
    throw invalidParameter(`Unable to find UUID for id [${String(snapshot.number)}] of type [VMSnapshot]`);
  }
  checkAccess(call.caller, snapshot);
  return snapshot;
}

/** @throws ApiError 431 while a snapshot of the VM is being taken, put back or deleted */
export function checkNoVmSnapshotTask(world: World, vmId: string): void {
  if (!hasVmSnapshotTask(world, vmId)) return;
  const { vm, vmSnapshot } = words(world);
  throw invalidParameter(`There are other active ${vmSnapshot} tasks on the ${vm}, please try again later`);
}
