import type { FailoverVmRef } from '../domain/failover-io';
import type { LiveFailoverRequest } from '../domain/failover-request';
import type { FailoverResult } from '../domain/failover-state';
import { failureRecord } from '../domain/failures';
import { allOrWorst } from './all-or-worst';
import type { Confirmations } from './failover-handlers';
import type { FailoverRun } from './failover-run';
import type { VmDisk } from './failover-vm';
import { ATTEMPT, attachAll, attachments, awaitHealth, deployFailoverVm } from './failover-vm';
import { StepFailed } from './failure-of';
import { finalSync } from './final-sync';
import { holdUntilDone } from './hold';
import { leaveAppliance } from './leave-appliance';
import type { MemberReady } from './messages';
import { prepareReplicas } from './prepare-on-appliance';
import { prunePoints } from './prune-points';
import { takePoint } from './take-point';

export interface LiveContext {
  readonly run: FailoverRun;
  readonly request: LiveFailoverRequest;
  readonly requestDigest: string;
  readonly searchAttributes: boolean;
  readonly confirmations: Confirmations;
  readonly tellParent: (outcome: MemberReady['outcome'], failure?: string) => Promise<void>;
}

/**
 * A live failover: the replicas themselves become the disks of a new VM. Before `commitFailover` any failure puts every volume back
 * and removes the VM; from then on the VM may have written its disks, and the run goes forward only.
 */
export async function liveFailover(context: LiveContext): Promise<FailoverResult> {
  const { run, request } = context;
  const { view, control, ledger, activities } = run;
  let made: FailoverVmRef;
  try {
    made = await control.forward(() => untilPointOfNoReturn(context));
  } catch (error) {
    return await run.backOut(error);
  }
  ledger.forgive();
  view.state.pointOfNoReturn = 'passed';
  const givenUp = await holdUntilDone(
    run,
    'starting',
    async () => {
      await ledger.attempt('vm', 'startVm', () => activities.startVm(made));
      await awaitHealth(run, request, made);
    },
    (failure) => context.tellParent('held', failure.message),
  );
  if (givenUp === undefined) {
    view.state.readyAt = new Date().toISOString();
    await prunePoints(run);
  }
  return await run.finish('failed_over', givenUp);
}

/** Everything that can be taken back, and the point of no return itself. Returns when it is passed. */
async function untilPointOfNoReturn(context: LiveContext): Promise<FailoverVmRef> {
  const { run, request, confirmations } = context;
  const { vm, view, control } = run;
  await quiesceAndSync(context);
  await run.claim();
  const { allowUnverified } = request;
  const { replicas } = await run.plan(allowUnverified === undefined ? {} : { allowUnverified });
  const disks = replicas.map(({ diskKey, boot, volumeId, volumeBytes }): VmDisk => ({
    boot,
    volume: { ...vm, attempt: ATTEMPT, diskKey, volumeId, volumeBytes },
  }));
  const preflight = await run.preflight(asksOf(disks));

  view.enter('snapshotting');
  const point = await takePoint({
    vm,
    activities: run.activities,
    ledger: run.ledger,
    purpose: 'live',
    attempt: ATTEMPT,
    disks,
    snapshots: preflight.snapshotsOfAttached === 'refused' ? 'refused' : 'try',
    opened: (pointId) => {
      view.state.pointId = pointId;
    },
  });
  if (point === undefined) {
    throw new StepFailed(undefined, failureRecord('internal', { where: 'openPoint', cause: 'no point before a move' }));
  }
  if (request.guest !== undefined) await prepareReplicas(run, request.guest, disks);

  // The VM is made before the replicas move: it shortens the time in which they are nowhere.
  const made = await deployFailoverVm(run, request, preflight);
  view.enter('moving');
  allOrWorst(await Promise.allSettled(disks.map(({ volume }) => leaveAppliance(run.activities, run.ledger, volume))));
  await attachAll(run, attachments(made, 'live', disks));
  if (request.confirm) {
    view.state.pointOfNoReturn = 'asked';
    view.enter('awaiting_confirmation');
    await control.until(() => confirmations.confirmed);
  }
  await commit(run, made, point.pointId, disks);
  return made;
}

/** The point of no return. No wish to stop is taken from here on: it would not be known whether it came before. */
async function commit(
  { vm, view, control, ledger, activities }: FailoverRun,
  { failoverVmId, failoverVmName }: FailoverVmRef,
  pointId: string,
  disks: readonly VmDisk[],
): Promise<void> {
  await control.gate();
  control.seal();
  view.enter('starting');
  await ledger.attempt('vm', 'commitFailover', () =>
    activities.commitFailover({
      ...vm,
      failoverVmId,
      failoverVmName,
      pointId,
      volumes: disks.map(({ volume: { diskKey, volumeId } }) => ({ diskKey, volumeId })),
    }),
  );
}

async function quiesceAndSync({
  run,
  request,
  requestDigest,
  searchAttributes,
  confirmations,
}: LiveContext): Promise<void> {
  const { quiesce, finalSync: sync } = request;
  if (quiesce === undefined && sync === undefined) return;
  await lookAhead(run, request);
  if (quiesce?.by === 'hook') {
    run.view.enter('quiescing');
    const { hook, resumeHook } = quiesce;
    await run.ledger.run('vm', 'quiesceSource', {
      ...run.vm,
      hook,
      ...(resumeHook === undefined ? {} : { resumeHook }),
    });
  } else if (quiesce?.by === 'update') {
    run.view.enter('quiescing');
    await run.control.until(() => confirmations.quiesced);
  }
  if (sync !== undefined) await finalSync(run, sync, requestDigest, searchAttributes);
  run.view.enter('preflight');
}

/** What would be refused is refused before the source is stopped for it. Looks only; a final sync may still verify the VM. */
async function lookAhead(run: FailoverRun, { allowUnverified, finalSync: sync }: LiveFailoverRequest): Promise<void> {
  const reason = sync === undefined ? allowUnverified : 'looked at before the source is quiesced';
  const { replicas } = await run.plan(reason === undefined ? {} : { allowUnverified: reason });
  run.view.state.overridden = [];
  const { vm } = run;
  await run.preflight(
    asksOf(
      replicas.map(({ diskKey, boot, volumeId, volumeBytes }) => ({
        boot,
        volume: { ...vm, attempt: ATTEMPT, diskKey, volumeId, volumeBytes },
      })),
    ),
  );
}

function asksOf(disks: readonly VmDisk[]) {
  return {
    disks: disks.map(({ boot, volume: { diskKey, volumeBytes } }) => ({ diskKey, boot, volumeBytes })),
    newVolumes: 0,
    newSnapshots: disks.length,
  };
}
