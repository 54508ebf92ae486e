import { randomUUID } from 'node:crypto';
import type { VmOperation } from '../database/vm-operations';
import { type FailoverVmRef, failoverVmRefSchema } from '../domain/failover-io';
import { type DiskferryFailure, failure } from '../domain/failures';
import { activity } from './activity';
import type { ActivityRun } from './activity-run';
import { deleteRoot, observeRoot } from './delete-root';
import { describeJob } from './judge-job';
import { whyNotOwnRoot } from './judge-root';
import { describeVm, observeVm, pendingOnVm } from './observe-vm';
import type { FailoverSiteActivities } from './queues';
import { settleEarlierOnVm } from './settle-earlier-vm';
import { jobIdIsStale, settleJobById, waitForJobById } from './settle-job';
import { finishVmOperation, recordVmOperation, sendVmChange } from './vm-operation';
import { isOurs, rootsOfVm, volumesOnVm } from './volumes-on-vm';
import type { VmWork } from './vm-work';

/**
 * clearRoot: when it answers, the root that the template made is off the failover VM and gone from the list, so that the boot disk can
 * take its place. A VM that has no root, or one of ours in its place, was cleared before.
 *
 * Why it is hard: a detached root looks like any data volume, so its id is recorded before it is taken off; and what stands in the
 * root's place may be a replica by now, which a repeated call must never touch. Only a volume that is proven to be the template's is.
 *
 * Sources: reference cloudstack-api §7; fixture failover ("detach the template root", "delete the former root").
 */
export function makeClearRoot(work: VmWork): FailoverSiteActivities['clearRoot'] {
  return activity(
    'clearRoot',
    work.run,
    failoverVmRefSchema,
    (vm) => vm,
    async (vm, run) => {
      const mine = (active: VmOperation): boolean =>
        active.kind === 'clear-root' && active.firstRunId === vm.firstRunId;
      const unfinished = await settleEarlierOnVm(work, run, vm, 'clearRoot.finish', mine);
      const rootVolumeId = unfinished?.rootVolumeId ?? (await findRoot(work, run, vm));
      if (rootVolumeId === undefined) return;
      const fresh = { kind: 'clear-root', jobId: randomUUID(), rootVolumeId } as const;
      const operation = unfinished ?? (await recordVmOperation(work, run, vm, 'clearRoot.record', fresh, mine));
      // What this very call has recorded was not sent yet: to look for its job would be to wait for nothing.
      const sentBefore = operation.jobId !== fresh.jobId;
      const cause = await clear(work, run, vm, operation, rootVolumeId, sentBefore);
      await finishVmOperation(work, run, vm, 'clearRoot.finish', operation, {
        state: cause === undefined ? 'done' : 'failed',
        ...(cause === undefined ? {} : { failure: cause }),
      });
      if (cause !== undefined) throw failed(vm, rootVolumeId, cause);
    },
  );
}

function failed(vm: FailoverVmRef, volumeId: string, cause: string): DiskferryFailure {
  return failure('clear-root-failed', { name: vm.failoverVmName, failoverVmId: vm.failoverVmId, volumeId, cause });
}

/**
 * The root to be cleared: that on the VM, or one that an earlier try took off and did not delete.
 *
 * @throws vm-gone; clear-root-failed when the VM is not stopped, or its root is not the template's
 */
async function findRoot(work: VmWork, run: ActivityRun, vm: FailoverVmRef): Promise<string | undefined> {
  const { failoverVmId, failoverVmName: name } = vm;
  const seen = await observeVm(work, run, vm);
  if (seen.verdict === 'gone' || seen.verdict === 'destroyed') throw failure('vm-gone', { name, failoverVmId });
  const recordedRoots = await rootsOfVm(work, failoverVmId);
  for (const rootVolumeId of recordedRoots) {
    const { at } = await observeRoot(work, run, vm, rootVolumeId);
    if (at !== 'gone') return rootVolumeId;
  }
  const root = (await volumesOnVm(work, run, vm)).find(({ type }) => type === 'ROOT');
  if (root === undefined || recordedRoots.length > 0) return undefined;
  const why = whyNotOwnRoot(root, { inDatabase: await isOurs(work, root.id), recordedRoots, machine: seen.machine });
  if (why !== undefined) throw failed(vm, root.id, `${why}; nothing was touched`);
  if (seen.verdict !== 'stopped') throw failed(vm, root.id, `the VM is not stopped: ${describeVm(seen)}`);
  return root.id;
}

/** @returns why the root is still there, in words; undefined when it is gone */
async function clear(
  work: VmWork,
  run: ActivityRun,
  vm: FailoverVmRef,
  operation: VmOperation,
  rootVolumeId: string,
  sentBefore: boolean,
): Promise<string | undefined> {
  const pending = pendingOnVm(vm.failoverVmName);
  const earlier = sentBefore ? await settleJobOf(work, run, operation, pending) : undefined;
  let root = await observeRoot(work, run, vm, rootVolumeId);
  if (root.at === 'vm') {
    const { jobId } = operation;
    if (earlier !== undefined) return earlier;
    if (jobId === undefined || jobIdIsStale(work, operation)) return 'its job id is too old to be sent again';
    const sent = await sendVmChange(work, operation, 'clearRoot.detach', () =>
      work.api.detachVolume({ id: rootVolumeId, customJobId: jobId }, { signal: run.signal }),
    );
    const cause =
      sent.outcome === 'refused' ? sent.error.text : describeJob(await waitForJobById(work, run, jobId, pending));
    root = await observeRoot(work, run, vm, rootVolumeId);
    if (root.at === 'vm') return cause;
  }
  if (root.at === 'elsewhere') return `${root.why}; it was not touched`;
  if (root.at === 'nowhere') return await deleteRoot(work, run, vm, rootVolumeId, 'clearRoot.delete');
  return undefined;
}

/** What the detach of an earlier try ended with, in words; undefined when it never arrived. */
async function settleJobOf(
  work: VmWork,
  run: ActivityRun,
  operation: VmOperation,
  pending: ReturnType<typeof pendingOnVm>,
): Promise<string | undefined> {
  const end = await settleJobById(work, run, operation.jobId, pending);
  return end.arrived ? describeJob(end.job) : undefined;
}
