import { randomUUID } from 'node:crypto';
import type {
  CompletePointOutput,
  OpenPointInput,
  PointPurpose,
  RestoreVolumeInput,
  SnapshotVolumeInput,
} from '../../domain/failover-io';
import type { FailoverStepName, FailoverUndoName } from '../../domain/failover-steps';
import { failoverWorkflowId } from '../../domain/names';
import type { VmRef } from '../../domain/step-io';
import type { FailoverUndoOutcome } from '../../domain/undo-policy';
import type { ActivityWorld, Actor, ActorOptions } from './activity-world';
import { commitFailoverInput, commitRevertInput, replicasNow } from './failover-commits';
import { prepareInput, quiesceInput } from './failover-hooks';
import { testOrder, undoOrder } from './failover-order';
import { attachInputs, deployInput, failoverVmRef, removeInput } from './failover-vm-inputs';
import { inTurn } from './in-turn';
import { Journey } from './journey';
import { takeStanding } from './standing-replicas';

/** The boot disk and a data disk. */
export const DISK_KEYS = [2000, 2001] as const;

/**
 * A VM with two verified replicas on the appliance, claimed by a failover's own run, on its way through the steps of a test: makes
 * each step's input out of what the ones before answered. A step of a disk runs for both disks.
 *
 * To add a step: its place in test/support/failover-order.ts, its case in {@link run} (and {@link undo}), what it answers
 * as a field here; its activities come with the factory that test/support/activity-world.ts calls.
 */
export class FailoverJourney {
  /** by disk key: how the replica came to the appliance */
  readonly replicas: readonly Journey[];
  /** the failover's own run */
  readonly vm: VmRef;
  readonly world: ActivityWorld;
  /** whose key calls CloudStack */
  readonly account: 'admin' | 'repluser';
  purpose: PointPurpose = 'test';
  /** another one opens another point */
  pointAttempt = 1;
  restorePurpose: RestoreVolumeInput['purpose'] = 'test';
  pointId: string | undefined;
  point: CompletePointOutput | undefined;
  /** volumes made from the point's snapshots, by disk key */
  readonly restored = new Map<number, string>();
  /** the failover VM, from its deploy on */
  failoverVmId: string | undefined;

  private constructor(world: ActivityWorld, vm: VmRef, replicas: readonly Journey[], account: 'admin' | 'repluser') {
    this.world = world;
    this.vm = vm;
    this.account = account;
    this.replicas = replicas;
  }

  /**
   * A VM with two verified replicas, claimed by a run of its own: those that the case before has left as they were, or newly
   * replicated with real activities.
   */
  static async begin(
    world: ActivityWorld,
    account: 'admin' | 'repluser' = 'admin',
    diskKeys: readonly number[] = DISK_KEYS,
  ): Promise<FailoverJourney> {
    const standing = takeStanding(world, account);
    if (standing !== undefined) return await standing.again();
    const before = await world.begin({ account });
    const replication = world.actor(before, { account });
    const replicas = await Promise.all(
      diskKeys.map(async (diskKey, index) => {
        const journey = await Journey.begin(world, before, { diskKey, boot: index === 0 });
        await journey.runThrough(replication, 'verifyDisk');
        await replication.activities.closeExport(journey.volumeInput);
        return journey;
      }),
    );
    await replication.activities.endClaim(before);
    return await new FailoverJourney(world, before, replicas, account).again();
  }

  /** The same replicas, claimed by another run that has done nothing yet. */
  async again(): Promise<FailoverJourney> {
    const vm: VmRef = { ...this.vm, firstRunId: randomUUID() };
    await claim(this.world, vm);
    await this.world.control.clearFaults();
    await this.world.control.forgetRequests();
    return new FailoverJourney(this.world, vm, this.replicas, this.account);
  }

  /** A process that acts for the failover's run. */
  static actor(world: ActivityWorld, journey: FailoverJourney, options: ActorOptions = {}): Actor {
    return world.actor(journey.vm, { workflowId: failoverWorkflowId(journey.vm), ...options });
  }

  /** Opens the recovery point that the steps fill. */
  async openPoint(actor: Actor): Promise<string> {
    const { pointId, because } = await actor.activities.openPoint(this.openInput);
    if (pointId === undefined) throw new Error(`no recovery point was opened: ${because}`);
    this.pointId = pointId;
    return pointId;
  }

  get openInput(): OpenPointInput {
    return {
      ...this.vm,
      purpose: this.purpose,
      attempt: this.pointAttempt,
      disks: this.replicas.map(({ createInput, volumeInput }) => ({
        diskKey: volumeInput.diskKey,
        boot: createInput.boot ?? false,
        volumeId: volumeInput.volumeId,
        volumeBytes: volumeInput.volumeBytes,
      })),
    };
  }

  /** Takes a recovery point of its own, whole. */
  async takePoint(actor: Actor, purpose: PointPurpose, attempt: number): Promise<string> {
    this.purpose = purpose;
    this.pointAttempt = attempt;
    this.pointId = undefined;
    await this.run(actor, 'snapshotVolume');
    await this.run(actor, 'completePoint');
    return await this.openPoint(actor);
  }

  /** Acts as a later run of the same workflow that has taken the claim over, and gives it back. */
  async asLaterRun(act: (actor: Actor, vm: VmRef) => Promise<void>): Promise<void> {
    const later: VmRef = { ...this.vm, firstRunId: randomUUID() };
    const hand = async (to: VmRef): Promise<void> => {
      await this.world.database.query('UPDATE vm_claims SET run_id = ? WHERE source_vm_id = ?', [
        to.firstRunId,
        to.sourceVmId,
      ]);
    };
    await hand(later);
    await act(FailoverJourney.actor(this.world, this, { runId: later.firstRunId }), later);
    await hand(this.vm);
  }

  /** Removes every recovery point, as a site that keeps none does it. */
  async prunePoints(): Promise<void> {
    const actor = FailoverJourney.actor(this.world, this, { settings: { recoveryPoints: 0 } });
    await actor.activities.prunePoints(this.vm);
  }

  /** Inputs of snapshotVolume and deleteSnapshot; of a point that nobody opened where none was. */
  get snapshotInputs(): SnapshotVolumeInput[] {
    const { pointId = this.vm.firstRunId } = this;
    return this.replicas.map(({ volumeInput }) => ({ ...volumeInput, ...this.vm, pointId }));
  }

  get restoreInputs(): RestoreVolumeInput[] {
    const { pointId = this.vm.firstRunId } = this;
    return this.replicas.map(({ createInput, volumeInput: { diskKey, volumeBytes } }) => ({
      ...{ ...this.vm, attempt: 1, diskKey, purpose: this.restorePurpose, pointId },
      snapshotId: this.point?.snapshots.find((snapshot) => snapshot.diskKey === diskKey)?.snapshotId ?? pointId,
      sizeBytes: volumeBytes,
      boot: createInput.boot ?? false,
    }));
  }

  /** Runs one step, of both disks where it is a disk's. Gives back what it answered. */
  async run(actor: Actor, step: FailoverStepName): Promise<unknown> {
    const { activities } = actor;
    switch (step) {
      case 'snapshotVolume':
        if (this.pointId === undefined) await this.openPoint(actor);
        return await inTurn(this.snapshotInputs, (input) => activities.snapshotVolume(input));
      case 'completePoint':
        return (this.point = await activities.completePoint({ ...this.vm, pointId: await this.openPoint(actor) }));
      case 'restoreVolume':
        return await inTurn(this.restoreInputs, async (input) => {
          const made = await activities.restoreVolume(input);
          this.restored.set(input.diskKey, made.volumeId);
          return made;
        });
      case 'deployVm':
        this.failoverVmId = (await activities.deployVm(await deployInput(this))).failoverVmId;
        return this.failoverVmId;
      case 'clearRoot':
        await activities.clearRoot(failoverVmRef(this));
        return undefined;
      case 'attachToVm':
        return await inTurn(attachInputs(this), (input) => activities.attachToVm(input));
      case 'mapToVm':
        return await inTurn(attachInputs(this), (input) => activities.mapToVm(input));
      case 'quiesceSource':
        await activities.quiesceSource(quiesceInput(this));
        return undefined;
      case 'prepareGuest':
        await activities.prepareGuest(await prepareInput(this, actor));
        return await replicasNow(this);
      case 'startVm':
        await activities.startVm(failoverVmRef(this));
        return undefined;
      case 'commitFailover':
        await activities.commitFailover(commitFailoverInput(this));
        return await replicasNow(this);
      case 'commitFailback':
        await activities.commitFailback(commitFailoverInput(this));
        return await replicasNow(this);
      case 'commitRevert':
        await activities.commitRevert(commitRevertInput(this));
        return await replicasNow(this);
    }
  }

  /** Runs one undo, of both disks where it is a disk's. */
  async undo(actor: Actor, undo: FailoverUndoName): Promise<readonly FailoverUndoOutcome[]> {
    const { activities } = actor;
    switch (undo) {
      case 'deleteSnapshot':
        return await inTurn(this.snapshotInputs, (input) => activities.deleteSnapshot(input));
      case 'deleteRestoredVolume':
        return await inTurn(this.restoreInputs, (input) => activities.deleteRestoredVolume(input));
      case 'stopVm':
        return [await activities.stopVm(failoverVmRef(this))];
      case 'unmapFromVm':
        return await inTurn(attachInputs(this), (input) => activities.unmapFromVm(input));
      case 'detachFromVm':
        return await inTurn(attachInputs(this), (input) => activities.detachFromVm(input));
      case 'removeVm':
        return [await activities.removeVm(removeInput(this))];
      case 'resumeSource':
        return [await activities.resumeSource(quiesceInput(this))];
    }
  }

  /** Runs every step of a test before this one. */
  async runBefore(actor: Actor, step: FailoverStepName): Promise<void> {
    for (const before of testOrder.slice(0, testOrder.indexOf(step))) await this.run(actor, before);
  }

  async runThrough(actor: Actor, step: FailoverStepName): Promise<void> {
    await this.runBefore(actor, step);
    await this.run(actor, step);
  }

  /** Runs every undo of a test that comes before this one when all is taken back. */
  async undoBefore(actor: Actor, undo: FailoverUndoName): Promise<void> {
    for (const before of undoOrder.slice(0, undoOrder.indexOf(undo))) await this.undo(actor, before);
  }

  /** Everything of the failover taken back, whatever was begun of it. */
  async takeBack(actor: Actor): Promise<FailoverUndoOutcome[]> {
    const outcomes: FailoverUndoOutcome[] = [];
    for (const undo of undoOrder) outcomes.push(...(await this.undo(actor, undo)));
    return outcomes;
  }

  /** The replicas leave the appliance and are deleted by name, as an operator does it. */
  async releaseReplicas(actor: Actor): Promise<void> {
    for (const replica of this.replicas) await replica.releaseAndDelete(actor);
  }
}

/** The VM's claim for the failover's run, as claimFailover takes it. */
async function claim(world: ActivityWorld, vm: VmRef): Promise<void> {
  const { database, claims } = world.database.repositories;
  const workflowId = failoverWorkflowId(vm);
  await database.transaction((tx) => claims.take(tx, vm, { kind: 'failover', workflowId, runId: vm.firstRunId }));
}
