import { log } from '@temporalio/workflow';
import type { PlanFailoverOutput, PreflightFailoverOutput } from '../domain/failover-io';
import type { TestFailoverRequest } from '../domain/failover-request';
import type { FailoverResult } from '../domain/failover-state';
import { failureRecord } from '../domain/failures';
import { sourceVmPath } from '../domain/names';
import type { FailoverRun } from './failover-run';
import { ATTEMPT, attachAll, attachments, awaitHealth, deployFailoverVm } from './failover-vm';
import { StepFailed } from './failure-of';
import type { Lease } from './lease';
import { prepareRestored } from './prepare-on-appliance';
import type { RestorablePoint } from './restore-all';
import { restoreAll } from './restore-all';
import { takePoint } from './take-point';

export interface TestContext {
  readonly run: FailoverRun;
  readonly request: TestFailoverRequest;
  /** begins when the sandbox is up */
  readonly beginLease: () => Lease;
  /** called when the sandbox is up */
  readonly ready: () => Promise<void>;
}

/**
 * A test failover: a sandbox VM with volumes made from snapshots. The replicas stay where they are, and a replication may run
 * beside the lease. Whatever ends the test, everything of it is removed and proven gone.
 */
export async function testFailover({ run, request, beginLease, ready }: TestContext): Promise<FailoverResult> {
  const { view, control } = run;
  let lease: Lease;
  try {
    lease = await control.forward(async () => {
      await bringUp(run, request);
      const begun = beginLease();
      await run.ledger.attempt('vm', 'enterLease', () =>
        run.activities.enterLease({ ...run.vm, leaseUntil: begun.until() }),
      );
      return begun;
    });
  } catch (error) {
    return await run.backOut(error);
  }
  view.state.leaseUntil = lease.until();
  view.state.readyAt = new Date().toISOString();
  view.enter('running');
  await ready();
  await lease.over((soon) => {
    view.state.reminded = soon;
    if (soon)
      log.warn('the lease of a test failover ends soon', { vm: sourceVmPath(run.vm), leaseUntil: lease.until() });
    view.refresh();
  });
  await run.takeBack('ending');
  return await run.finish('ended');
}

async function bringUp(run: FailoverRun, request: TestFailoverRequest): Promise<void> {
  const { view, ledger } = run;
  await run.claim();
  const fresh = request.from === 'replicas';
  const { allowUnverified } = request;
  const plan = await run.plan({
    ...(request.from === 'replicas' ? {} : { from: request.from }),
    ...(allowUnverified === undefined ? {} : { allowUnverified }),
  });
  const disks = view.state.disks.map(({ key, boot, sizeBytes }) => ({ diskKey: key, boot, volumeBytes: sizeBytes }));
  const preflight = await run.preflight({
    disks,
    newVolumes: disks.length,
    newSnapshots: fresh ? disks.length : 0,
  });
  const restored = await restoreAll(run, 'test', request, await snapshotsFor(run, plan, preflight));
  if (request.guest !== undefined) await prepareRestored(run, request.guest, restored);
  const made = await deployFailoverVm(run, request, preflight);
  await attachAll(run, attachments(made, 'test', restored));
  view.enter('starting');
  await ledger.run('vm', 'startVm', made);
  await awaitHealth(run, request, made);
}

/** The point that was asked for, or a fresh one that goes with the test. */
async function snapshotsFor(
  run: FailoverRun,
  plan: PlanFailoverOutput,
  preflight: PreflightFailoverOutput,
): Promise<RestorablePoint> {
  if (plan.point !== undefined) return plan.point;
  const { vm, activities, ledger, view } = run;
  view.enter('snapshotting');
  const point = await takePoint({
    vm,
    activities,
    ledger,
    purpose: 'test',
    attempt: ATTEMPT,
    disks: plan.replicas.map(({ diskKey, boot, volumeId, volumeBytes }) => ({
      boot,
      volume: { ...vm, attempt: ATTEMPT, diskKey, volumeId, volumeBytes },
    })),
    snapshots: preflight.snapshotsOfAttached === 'refused' ? 'refused' : 'try',
    opened: (pointId) => {
      view.state.pointId = pointId;
    },
  });
  if (point === undefined) {
    throw new StepFailed(undefined, failureRecord('internal', { where: 'openPoint', cause: 'no point for a test' }));
  }
  return point;
}
