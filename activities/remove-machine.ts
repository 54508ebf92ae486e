import type { VirtualMachine } from '../cloudstack/api';
import { CloudStackError, isCloudStackError } from '../cloudstack/errors';
import type { FailoverVmRef } from '../domain/failover-io';
import { type DiskferryFailure, failure } from '../domain/failures';
import { sourceVmPath } from '../domain/names';
import { actOnVm } from './act-on-vm';
import type { ActivityRun } from './activity-run';
import { deleteRoot, observeRoot } from './delete-root';
import { observeVm } from './observe-vm';
import { rootsOfVm, whatVmHolds } from './volumes-on-vm';
import type { VmWork } from './vm-work';

/** The names of the effects: those of removeVm, or of whoever else removes a VM. */
export interface RemovalEffects {
  readonly record: string;
  readonly destroy: string;
  readonly expunge: string;
  readonly deleteRoot: string;
  readonly finish: string;
}

/**
 * Removes one VM that a deploy of ours made, for ever, with the root that its template made and with nothing else.
 *
 * CloudStack's destroy detaches data volumes, its expunge deletes whatever stands as root. So the volumes on the VM are listed before
 * either, and again right before each call: where anything but the template's own root is there, nothing is sent. The destroy
 * never expunges, so that a volume which arrived meanwhile is seen before it is lost.
 *
 * Sources: reference cloudstack-api §7 (destroyVirtualMachine); fixtures failover, vm-states ("destroy, not expunged").
 *
 * @returns what is kept and why; undefined when it is gone
 * @throws vm-holds-replicas, vm-remove-failed, vm-job-pending, and `vm-operation-active`
 */
export async function removeMachine(
  work: VmWork,
  run: ActivityRun,
  vm: FailoverVmRef,
  effects: RemovalEffects,
): Promise<string | undefined> {
  let machine: VirtualMachine | undefined;
  const guard = async (): Promise<void> => {
    const held = await whatVmHolds(work, run, vm, machine);
    if (held.length > 0)
      throw holds(
        vm,
        held.map(({ volume, why }) => `${volume.name} (${volume.id}): ${why}`),
      );
  };
  const before = await observeVm(work, run, vm);
  if (before.verdict !== 'gone') machine = before.machine;
  await destroy(work, run, vm, effects, guard);
  const kept = await expunge(work, run, vm, effects, guard);
  await deleteDetachedRoots(work, run, vm, effects);
  return kept;
}

async function destroy(
  work: VmWork,
  run: ActivityRun,
  vm: FailoverVmRef,
  effects: RemovalEffects,
  guard: () => Promise<void>,
): Promise<void> {
  const active = await work.vmOperations.active(vm.failoverVmId);
  // An attempt of this run has come to the expunge already, perhaps beside us.
  if (active?.kind === 'expunge' && active.firstRunId === vm.firstRunId) return;
  const { seen, cause, finish } = await actOnVm(work, run, vm, {
    kind: 'destroy',
    effects: { ...effects, send: effects.destroy },
    actOn: ['running', 'stopped', 'error', 'other'],
    guard,
    call: (jobId) =>
      work.api.destroyVirtualMachine(
        { id: vm.failoverVmId, expunge: false, customJobId: jobId },
        { signal: run.signal },
      ),
  });
  const done = seen.verdict === 'destroyed' || seen.verdict === 'gone';
  await finish(done ? 'done' : 'failed');
  if (!done) throw failed(vm, cause);
}

/** @returns why the VM stays destroyed, where the key may not expunge it */
async function expunge(
  work: VmWork,
  run: ActivityRun,
  vm: FailoverVmRef,
  effects: RemovalEffects,
  guard: () => Promise<void>,
): Promise<string | undefined> {
  const { failoverVmId, failoverVmName: name } = vm;
  const rootAdmin = (await work.facts({ signal: run.signal })).mayChooseVolumeIds;
  const rows = await work.vmOperations.ofVm(failoverVmId);
  const destroyedByUs = rows.some(({ kind, state }) => kind === 'destroy' && state === 'done');
  const expungedByUs = rows.some(({ kind, state }) => kind === 'expunge' && state === 'done');
  // CloudStack shows destroyed VMs to root admins alone (allow.user.view.destroyed.vm): not listed is not gone.
  const hidden = !rootAdmin && destroyedByUs && !expungedByUs;
  let goneBefore = false;
  const { seen, succeeded, cause, finish } = await actOnVm(work, run, vm, {
    kind: 'expunge',
    effects: { ...effects, send: effects.expunge },
    actOn: hidden ? ['destroyed', 'gone'] : ['destroyed'],
    guard,
    call: async (jobId) => {
      try {
        return await work.api.expungeVirtualMachine({ id: failoverVmId, customJobId: jobId }, { signal: run.signal });
      } catch (error) {
        goneBefore = isCloudStackError(error, 'gone', 'not-found');
        throw forbiddenIsRefused(error);
      }
    },
  });
  const gone = seen.verdict === 'gone' && (!hidden || succeeded || goneBefore);
  await finish(gone ? 'done' : 'failed');
  if (gone) return undefined;
  if (rootAdmin) throw failed(vm, cause);
  return `VM ${name} (${failoverVmId}) is destroyed and not expunged, which CloudStack does later by itself: ${cause}`;
}

/** 432: the role may not use the command. A refusal like any other here, and no fault of the configuration. */
function forbiddenIsRefused(error: unknown): unknown {
  if (!isCloudStackError(error, 'unauthorized') || error.errorCode !== 432) return error;
  const { command, endpoint, text, errorCode } = error;
  return new CloudStackError({ kind: 'refused', command, endpoint, text, errorCode }, { cause: error });
}

/** A root that clearRoot took off and could not delete outlives its VM. */
async function deleteDetachedRoots(
  work: VmWork,
  run: ActivityRun,
  vm: FailoverVmRef,
  effects: RemovalEffects,
): Promise<void> {
  for (const rootVolumeId of await rootsOfVm(work, vm.failoverVmId)) {
    const root = await observeRoot(work, run, vm, rootVolumeId);
    if (root.at === 'elsewhere') {
      work.log.warn({ volumeId: rootVolumeId, why: root.why }, "Left the root of a failover VM's template alone");
    }
    if (root.at !== 'nowhere') continue;
    const cause = await deleteRoot(work, run, vm, rootVolumeId, effects.deleteRoot);
    if (cause !== undefined) throw failed(vm, `its template's root ${rootVolumeId} could not be deleted: ${cause}`);
  }
}

function failed(vm: FailoverVmRef, cause: string): DiskferryFailure {
  const { failoverVmId, failoverVmName: name } = vm;
  return failure('vm-remove-failed', { name, failoverVmId, cause, vm: sourceVmPath(vm) });
}

function holds(vm: FailoverVmRef, volumes: readonly string[]): DiskferryFailure {
  const { failoverVmId, failoverVmName: name } = vm;
  return failure('vm-holds-replicas', { name, failoverVmId, volumes: volumes.join('; ') });
}
