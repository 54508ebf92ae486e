import { CancellationScope, allHandlersFinished, condition, workflowInfo } from '@temporalio/workflow';
import { milliseconds } from '../domain/duration';
import { failureRecord } from '../domain/failures';
import type { FailureRecord } from '../domain/failures';
import { describeProblems } from '../domain/request';
import type { DiskRequest } from '../domain/request';
import type { ReplicationResult } from '../domain/replication-state';
import type { PreflightSiteOutput, VmRef } from '../domain/step-io';
import { sourceVmPath } from '../domain/names';
import { activitiesOf } from './activities';
import { Abandoned, SiblingFailed, StepFailed, Stopped, closingFailure, failureOf, isStop } from './failure-of';
import { registerHandlers } from './handlers';
import type { ReplicateVmInput } from './inputs';
import { replicateVmInputSchema } from './inputs';
import { newState, resultOf } from './new-state';
import { PhaseRecorder } from './phase-recorder';
import { provisionDisk } from './provision-disk';
import type { ProvisionedDisk } from './provision-disk';
import { RunControl } from './run-control';
import { RunView } from './run-view';
import { transferDisk } from './transfer-disk';
import { UndoLedger } from './undo-ledger';

/**
 * One replication of one VM.
 *
 * ```
 * preflight → provisioning ──barrier──→ copying → verifying → replicated
 *                 │    ↑                   │
 *                 ↓    │ again             ↓ a disk that cannot go on
 *            compensating → rolled_back   held → (retryNow | cancel)
 * anywhere: cancel → cancelling → cancelled; an undo that does not succeed → needs_attention → abandoned
 * ```
 *
 * Three promises: the undo of a step is owed before the step begins; nothing that a copy may have written is deleted; a run ends
 * replicated, rolled back, cancelled or abandoned, and never silently.
 */
export async function replicateVm(input: ReplicateVmInput): Promise<ReplicationResult> {
  const parsed = replicateVmInputSchema.safeParse(input);
  if (!parsed.success) {
    throw closingFailure(failureRecord('request-invalid', { problems: describeProblems(parsed.error).join('; ') }));
  }
  const root = CancellationScope.current();
  return await CancellationScope.nonCancellable(() => new Replication(parsed.data, root).run());
}

type ParsedInput = ReturnType<typeof replicateVmInputSchema.parse>;

class Replication {
  readonly #request: ParsedInput['request'];
  readonly #digest: string;
  readonly #vm: VmRef;
  readonly #control = new RunControl();
  readonly #activities;
  readonly #recorder: PhaseRecorder;
  readonly #view: RunView;
  #ledger: UndoLedger;
  readonly #sources = new Map<number, ParsedInput['request']['disks'][number]['source']>();

  constructor({ request, requestDigest, searchAttributes }: ParsedInput, root: CancellationScope) {
    this.#request = request;
    this.#digest = requestDigest;
    this.#vm = {
      site: request.site,
      sourceId: request.source.id,
      sourceVmId: request.source.vm,
      vmName: request.source.name,
      applianceId: request.appliance,
      firstRunId: workflowInfo().firstExecutionRunId,
    };
    this.#activities = activitiesOf(request.site, request.appliance);
    this.#recorder = new PhaseRecorder(this.#activities, this.#vm);
    this.#view = new RunView(newState(request, workflowInfo().startTime), this.#control, {
      searchAttributes,
      record: (phase, reason, failure) => {
        this.#recorder.record(phase, reason, failure);
      },
    });
    this.#ledger = this.#newLedger();
    registerHandlers({
      control: this.#control,
      view: this.#view,
      replaceDisk: (change) => {
        const source = change.sourceUri === undefined ? undefined : { kind: 'nbd' as const, uri: change.sourceUri };
        if (source !== undefined) this.#sources.set(change.diskKey, source);
        if (change.budgets !== undefined) this.#ledger.replaceBudgets(change.diskKey, change.budgets);
      },
    });
    // Temporal's own cancel is the gentlest wish: nothing is detached or deleted.
    root.cancelRequested.catch(() => {
      this.#control.requestStop(true);
      this.#view.state.cancelWish = { keepVolumes: true };
    });
  }

  async run(): Promise<ReplicationResult> {
    await this.#claim();
    try {
      const disks = await this.#provision();
      await this.#transfer(disks);
      this.#ledger.forgive();
      return await this.#finish('replicated');
    } catch (error) {
      if (isStop(error) || this.#control.stopWish !== undefined) return await this.#cancel();
      throw error;
    }
  }

  async #claim(): Promise<void> {
    try {
      await this.#activities.claimVm({
        ...this.#vm,
        kind: 'replication',
        requestId: this.#request.requestId,
        requestDigest: this.#digest,
      });
    } catch (error) {
      // Nothing was made and nothing is held: the run ends with what refused it.
      throw closingFailure(failureOf(error, 'claimVm'));
    }
  }

  /** Provisions all disks, or takes all back and tries again, until the budget is spent. */
  async #provision(): Promise<ProvisionedDisk[]> {
    const { budgets } = this.#request;
    for (let attempt = 1; ; attempt += 1) {
      this.#view.state.provisioningAttempt = attempt;
      try {
        return await this.#control.forward(() => this.#provisionOnce(attempt));
      } catch (error) {
        if (isStop(error) || this.#control.stopWish !== undefined) throw new Stopped();
        const failure = error instanceof StepFailed ? error.record : failureOf(error, 'provisioning');
        this.#view.state.lastFailure = failure;
        await this.#compensate(failure);
        if (this.#control.stopWish !== undefined) throw new Stopped();
        if (failure.class !== 'failed' || attempt >= budgets.provisioningAttempts)
          throw await this.#rolledBack(failure);
        this.#view.beginAgain();
        await this.#control.pauseFor(milliseconds(budgets.provisioningPause) * 2 ** (attempt - 1));
        this.#ledger = this.#newLedger();
        this.#view.goOn();
      }
    }
  }

  async #provisionOnce(attempt: number): Promise<ProvisionedDisk[]> {
    await this.#control.gate();
    const site = await this.#preflight();
    this.#view.enter('provisioning');
    const existing = new Map(site.existingVolumes.map((volume) => [volume.diskKey, volume.volumeId]));
    const provision = async (disk: DiskRequest): Promise<ProvisionedDisk> => {
      const context = { vm: this.#vm, request: this.#request, attempt, existingVolumeId: existing.get(disk.key) };
      try {
        return await provisionDisk(this.#ledger, this.#view, context, disk);
      } catch (error) {
        this.#ledger.close();
        throw error;
      }
    };
    return allOrWorst(await Promise.allSettled(this.#request.disks.map(provision)));
  }

  async #preflight(): Promise<PreflightSiteOutput> {
    const site = await this.#activities.preflightSite({ vm: this.#vm, request: this.#request });
    await this.#activities.preflightAppliance({
      vm: this.#vm,
      request: this.#request,
      applianceMacAddresses: site.applianceMacAddresses,
    });
    return site;
  }

  /** After the barrier: all disks side by side, each to its end or held. */
  async #transfer(disks: readonly ProvisionedDisk[]): Promise<void> {
    const open = new Set<number>();
    const results = await this.#control.forward(() =>
      Promise.allSettled(
        disks.map((disk) =>
          transferDisk(
            {
              ledger: this.#ledger,
              view: this.#view,
              control: this.#control,
              sourceOf: ({ request }) => this.#sources.get(request.key) ?? request.source,
              roundsOf: () => this.#request.budgets.stepAttempts,
              exportOpened: ({ request }) => {
                open.add(request.key);
                if (open.size < disks.length || this.#view.state.exportsOpenAt !== undefined) return;
                this.#view.state.exportsOpenAt = new Date().toISOString();
                this.#view.enter('copying');
              },
            },
            disk,
          ),
        ),
      ),
    );
    allOrWorst(results);
    this.#view.state.copiedAt = new Date().toISOString();
  }

  async #compensate(failure: FailureRecord): Promise<void> {
    this.#view.enter('compensating');
    await this.#unwind('compensate', 'compensating', failure);
  }

  async #cancel(): Promise<ReplicationResult> {
    const keepVolumes = this.#control.stopWish?.keepVolumes ?? true;
    this.#view.state.cancelWish = { keepVolumes };
    this.#view.enter('cancelling');
    await this.#unwind(keepVolumes ? 'keep-volumes' : 'cancel', 'cancelling', this.#view.state.lastFailure);
    if (keepVolumes) this.#nameKeptVolumes();
    return await this.#finish('cancelled');
  }

  async #unwind(
    policy: 'compensate' | 'cancel' | 'keep-volumes',
    phase: 'compensating' | 'cancelling',
    failure: FailureRecord | undefined,
  ): Promise<void> {
    let alarms = 0;
    try {
      await this.#ledger.unwind(policy, (needed) => {
        alarms += needed ? 1 : -1;
        this.#view.state.leftovers = needed || alarms > 0 ? this.#ledger.leftovers() : [];
        this.#view.enter(alarms > 0 ? 'needs_attention' : phase);
      });
    } catch (error) {
      if (!(error instanceof Abandoned)) throw error;
      throw await this.#abandoned(failure);
    }
  }

  /** With `keepVolumes` nothing was detached: every volume that is there is named, with the reason. */
  #nameKeptVolumes(): void {
    for (const disk of this.#view.state.disks) {
      if (disk.volumeId === undefined) continue;
      disk.step = 'kept';
      disk.kept.push(
        `disk ${String(disk.key)}: volume ${disk.volumeId} stays attached to appliance ${this.#vm.applianceId}, because the run was stopped with its volumes kept`,
      );
    }
  }

  async #rolledBack(cause: FailureRecord): Promise<Error> {
    const record = failureRecord('rolled-back', { vm: sourceVmPath(this.#vm), cause: cause.message, next: cause.next });
    this.#view.enter('rolled_back');
    await this.#end('rolled_back', undefined, record);
    return closingFailure(record, cause);
  }

  async #abandoned(cause: FailureRecord | undefined): Promise<Error> {
    const leftovers = this.#ledger.leftovers();
    this.#view.state.leftovers = leftovers;
    this.#view.enter('needs_attention');
    this.#view.enter('abandoned');
    const record = failureRecord('abandoned', {
      vm: sourceVmPath(this.#vm),
      leftovers: leftovers.join('; '),
      cause: cause?.message ?? 'stopped by an operator',
    });
    await this.#end('abandoned', undefined, record);
    return closingFailure(record, cause);
  }

  async #finish(state: 'replicated' | 'cancelled'): Promise<ReplicationResult> {
    this.#view.state.endedAt = new Date().toISOString();
    if (state === 'replicated') delete this.#view.state.lastFailure;
    this.#view.enter(state);
    const result = resultOf(this.#view.state, state);
    await this.#end(state, result, undefined);
    return result;
  }

  /** Records the end, gives the VM free, and lets every message handler finish. */
  async #end(
    phase: 'replicated' | 'cancelled' | 'rolled_back' | 'abandoned',
    result: ReplicationResult | undefined,
    failure: FailureRecord | undefined,
  ): Promise<void> {
    this.#view.state.endedAt ??= new Date().toISOString();
    await this.#recorder.end(phase, result, failure);
    await this.#activities.endClaim(this.#vm);
    await condition(allHandlersFinished);
  }

  #newLedger(): UndoLedger {
    return new UndoLedger(this.#activities, this.#control, this.#view, this.#request.budgets);
  }
}

/** All values, or the error that weighs most: a stop, then a refusal or conflict, then any failure of a disk's own. */
function allOrWorst<T>(results: readonly PromiseSettledResult<T>[]): T[] {
  const errors: unknown[] = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason as unknown] : [],
  );
  if (errors.length === 0) return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  throw (
    errors.find((error) => isStop(error)) ??
    errors.find((error) => error instanceof StepFailed && error.record.class !== 'failed') ??
    errors.find((error) => !(error instanceof SiblingFailed)) ??
    errors[0]
  );
}
