import { CancellationScope, allHandlersFinished, condition, log, patched, workflowInfo } from '@temporalio/workflow';
import type {
  PlanFailoverInput,
  PlanFailoverOutput,
  PreflightFailoverInput,
  PreflightFailoverOutput,
  RecordFailoverInput,
} from '../domain/failover-io';
import type { FailoverPhase } from '../domain/failover-phases';
import type { FailoverKind, FailoverResult, FailoverState } from '../domain/failover-state';
import type { FailureRecord } from '../domain/failures';
import { failureRecord } from '../domain/failures';
import { sourceVmPath } from '../domain/names';
import type { Budgets } from '../domain/request';
import type { VmRef } from '../domain/step-io';
import type { RunActivities } from './activities';
import { activitiesOf } from './activities';
import type { BaseFailoverPhase } from './failover-view';
import { FailoverView } from './failover-view';
import { Abandoned, StepFailed, closingFailure, failureOf, isStop } from './failure-of';
import { failoverResultOf, newFailoverState } from './new-failover-state';
import { ProjectionWriter } from './projection-writer';
import { RunControl } from './run-control';
import { StageLedger } from './stage-ledger';

export interface FailoverRunInput {
  readonly kind: FailoverKind;
  readonly request: PreflightFailoverInput['request'] & { readonly requestId: string; readonly budgets: Budgets };
  readonly requestDigest: string;
  readonly searchAttributes: boolean;
  readonly failoverVmName?: string;
}

/**
 * What a failover, a failback and a revert have in common: how each claims the VM, plans, takes back and ends. A run ends with its
 * result, rolled back, cancelled or abandoned, and never silently.
 */
export class FailoverRun {
  readonly vm: VmRef;
  readonly activities: RunActivities;
  readonly control = new RunControl();
  readonly view: FailoverView;
  readonly ledger: StageLedger;
  readonly #input: FailoverRunInput;
  readonly #writer: ProjectionWriter<RecordFailoverInput>;
  #claimed = false;

  constructor(input: FailoverRunInput) {
    const { kind, request, searchAttributes, failoverVmName } = input;
    const info = workflowInfo();
    this.#input = input;
    this.vm = {
      site: request.site,
      sourceId: request.source.id,
      sourceVmId: request.source.vm,
      vmName: request.source.name,
      applianceId: request.appliance,
      firstRunId: info.firstExecutionRunId,
      ...(request.projectId === undefined ? {} : { projectId: request.projectId }),
    };
    this.activities = activitiesOf(request.site, request.appliance);
    this.#writer = new ProjectionWriter((row) => this.activities.recordFailover(row));
    this.view = new FailoverView(newFailoverState(kind, this.vm, request.requestId, info.startTime, failoverVmName), {
      searchAttributes,
      record: (state) => {
        // The claim makes the run's row; before it there is nothing to bring up to date.
        if (this.#claimed) this.#writer.record(this.#row(state));
      },
    });
    this.ledger = new StageLedger(this.activities, this.control, this.view, request.budgets);
  }

  /** Stops the run as soon as may be: what it has begun is taken back. Beyond the point of no return it changes nothing. */
  requestStop(): void {
    this.control.requestStop(false);
    this.view.state.cancelWish = this.control.stopWish() !== undefined;
  }

  /**
   * Claims the VM for this run.
   *
   * @throws StepFailed when somebody else holds it, or the VM is not in the state that is needed
   */
  async claim(): Promise<void> {
    const { kind, request, requestDigest, failoverVmName } = this.#input;
    // A claim may be there though its answer never came: it counts from the try on, until it is refused.
    this.#claimed = true;
    try {
      await this.ledger.attempt('vm', 'claimFailover', () =>
        this.activities.claimFailover({
          ...this.vm,
          kind,
          requestId: request.requestId,
          requestDigest,
          ...(failoverVmName === undefined ? {} : { failoverVmName }),
        }),
      );
    } catch (error) {
      if (error instanceof StepFailed && error.record.class !== 'failed') this.#claimed = false;
      throw error;
    }
    this.view.recordAgain();
  }

  /** What there is to work with; shown as the disks of the run. @throws StepFailed, Stopped as the ledger does */
  async plan(from: Omit<PlanFailoverInput, keyof VmRef | 'kind'> = {}): Promise<PlanFailoverOutput> {
    const plan = await this.ledger.attempt('vm', 'planFailover', () =>
      this.activities.planFailover({ ...this.vm, kind: this.#input.kind, ...from }),
    );
    const { state } = this.view;
    state.overridden = plan.overridden;
    if (plan.overridden.length > 0) log.warn('the request overrides a refusal', { overridden: plan.overridden });
    if (plan.point !== undefined) state.pointId = plan.point.pointId;
    if (plan.live !== undefined) state.failoverVm = { id: plan.live.failoverVmId, name: plan.live.failoverVmName };
    const snapshots = plan.point?.snapshots.map((each) => ({ ...each, volumeBytes: each.sizeBytes }));
    state.disks = (snapshots ?? plan.replicas).map(({ diskKey, boot, volumeId, volumeBytes }) => ({
      key: diskKey,
      boot,
      sizeBytes: volumeBytes,
      step: 'waiting',
      stepAttempt: 0,
      ...(snapshots === undefined ? { volumeId } : {}),
      undosOwed: [],
      kept: [],
    }));
    return plan;
  }

  /** Everything that can be refused is refused here, before anything is made. @throws StepFailed, Stopped as the ledger does */
  preflight(
    asks: Pick<PreflightFailoverInput, 'disks' | 'newVolumes' | 'newSnapshots' | 'failoverVmId'>,
  ): Promise<PreflightFailoverOutput> {
    const { kind, request } = this.#input;
    return this.ledger.attempt('vm', 'preflightFailover', () =>
      this.activities.preflightFailover({ vm: this.vm, request, kind, ...asks }),
    );
  }

  /**
   * Takes back what is owed, showing `needs_attention` with the exact leftovers for as long as an undo has failed for too long.
   *
   * @throws ApplicationFailure `abandoned` when an operator gave the leftovers up; the run has ended then
   */
  async takeBack(phase: BaseFailoverPhase & ('compensating' | 'ending')): Promise<void> {
    const { view, ledger } = this;
    const cause = view.state.lastFailure;
    let alarms = 0;
    view.enter(phase);
    try {
      await ledger.unwind((needed) => {
        alarms += needed ? 1 : -1;
        view.state.leftovers = alarms > 0 ? ledger.leftovers() : [];
        view.enter(alarms > 0 ? 'needs_attention' : phase);
      });
    } catch (error) {
      if (!(error instanceof Abandoned)) throw error;
      throw await this.abandoned(ledger.leftovers(), cause ?? view.state.lastFailure);
    }
  }

  /**
   * The end of a run that failed or was stopped before its point of no return: everything goes back. A run that was refused while
   * it only looked has nothing to take back, and says the refusal itself.
   *
   * @returns the result of a run that was stopped
   * @throws ApplicationFailure `failover-rolled-back`, or the failure itself where nothing had been begun
   */
  async backOut(error: unknown): Promise<FailoverResult> {
    const stopped = isStop(error) || this.control.stopWish() !== undefined;
    if (!stopped && !(error instanceof StepFailed)) throw error;
    if (!stopped && error instanceof StepFailed && !this.view.begun() && patched('refused-before-it-began')) {
      await this.#end('refused', undefined, error.record);
      throw closingFailure(error.record);
    }
    await this.takeBack('compensating');
    if (stopped) return await this.finish('cancelled');
    const cause = error instanceof StepFailed ? error.record : failureOf(error, this.#input.kind);
    const { message, next, class: kindOfFailure } = cause;
    const words = { test: 'test failover', live: 'live failover', back: 'failback', revert: 'revert' } as const;
    const record = failureRecord('failover-rolled-back', {
      vm: sourceVmPath(this.vm),
      kind: words[this.#input.kind],
      cause: message,
      next,
    });
    await this.#end('rolled_back', undefined, record);
    // In histories from before the patch: what was refused before anything was claimed is said as it is.
    if (!this.#claimed && kindOfFailure !== 'failed') throw closingFailure(cause);
    throw closingFailure(record, cause);
  }

  /** Ends the run with its result. */
  async finish(ended: FailoverResult['state'], failure?: FailureRecord): Promise<FailoverResult> {
    const { state, kept } = this.view;
    state.endedAt = new Date().toISOString();
    if (failure === undefined && ended !== 'cancelled') delete state.lastFailure;
    const givenUp = failure === undefined ? [] : [`given up by an operator: ${failure.message}`];
    const result = failoverResultOf(state, ended, [...kept, ...givenUp]);
    await this.#end(ended, result, failure);
    return result;
  }

  /** Ends the run with what is left, which stays recorded; the error closes it as failed. */
  async abandoned(leftovers: readonly string[], cause: FailureRecord | undefined): Promise<Error> {
    this.view.state.leftovers = [...leftovers];
    const record = failureRecord('abandoned', {
      vm: sourceVmPath(this.vm),
      leftovers: leftovers.join('; '),
      cause: cause?.message ?? 'stopped by an operator',
    });
    await this.#end('abandoned', undefined, record);
    return closingFailure(record, cause);
  }

  /** Shows and records the end, gives the VM free, and lets every message handler finish. */
  async #end(phase: BaseFailoverPhase, result: FailoverResult | undefined, failure?: FailureRecord): Promise<void> {
    await CancellationScope.nonCancellable(async () => {
      this.view.state.endedAt ??= new Date().toISOString();
      this.view.enter(phase);
      if (this.#claimed) {
        const { reason: _reason, ...row } = this.#row(this.view.state);
        await this.#writer.end({
          ...row,
          phase,
          ...(result === undefined ? {} : { result: { ...result } }),
          ...(failure === undefined ? {} : { failure }),
        });
        await this.activities.endClaim(this.vm);
      }
      await condition(allHandlersFinished);
    });
  }

  #row(state: FailoverState): RecordFailoverInput {
    const { phase, reason, lastFailure, failoverVm, pointId, leaseUntil } = state;
    const failing: readonly FailoverPhase[] = ['retrying', 'held', 'compensating', 'needs_attention'];
    return {
      ...this.vm,
      phase,
      ...(reason === undefined ? {} : { reason }),
      ...(lastFailure === undefined || !failing.includes(phase) ? {} : { failure: lastFailure }),
      ...(failoverVm?.id === undefined ? {} : { failoverVmId: failoverVm.id }),
      ...(pointId === undefined ? {} : { pointId }),
      ...(leaseUntil === undefined ? {} : { leaseUntil }),
    };
  }
}
