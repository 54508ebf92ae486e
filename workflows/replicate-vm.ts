import { CancellationScope, allHandlersFinished, condition, patched, workflowInfo } from '@temporalio/workflow';
import { milliseconds } from '../domain/duration';
import type { FailureRecord } from '../domain/failures';
import { failureRecord } from '../domain/failures';
import { sourceVmPath } from '../domain/names';
import { problemWords } from '../domain/problem-words';
import type { ReplicationResult } from '../domain/replication-state';
import type { DiskRequest, DiskSource } from '../domain/request';
import { describeProblems } from '../domain/request';
import type { PreflightSiteOutput, VmRef } from '../domain/step-io';
import type { RunActivities } from './activities';
import { activitiesOf } from './activities';
import { allOrWorst } from './all-or-worst';
import { Abandoned, StepFailed, Stopped, closingFailure, failureOf, isStop } from './failure-of';
import { registerHandlers } from './handlers';
import type { ReplicateVmInput } from './inputs';
import { replicateVmInputSchema } from './inputs';
import { newState, resultOf } from './new-state';
import { PhaseRecorder } from './phase-recorder';
import { pointBeforeCycle } from './point-before-cycle';
import type { ProvisionedDisk } from './provision-disk';
import { provisionDisk } from './provision-disk';
import { RunControl } from './run-control';
import { RunView } from './run-view';
import { transferDisk } from './transfer-disk';
import { UndoLedger } from './undo-ledger';
import { unwindToProof } from './unwind-to-proof';

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
  const parsed = replicateVmInputSchema.safeParse(input, { error: problemWords });
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
  readonly #activities: RunActivities;
  readonly #recorder: PhaseRecorder;
  readonly #view: RunView;
  /** sources that an operator gave to held disks */
  readonly #replacedSources = new Map<number, { source: DiskSource; sourceRevision: number }>();
  #ledger: UndoLedger;

  constructor({ request, requestDigest, searchAttributes }: ParsedInput, root: CancellationScope) {
    const info = workflowInfo();
    this.#request = request;
    this.#digest = requestDigest;
    this.#vm = {
      site: request.site,
      sourceId: request.source.id,
      sourceVmId: request.source.vm,
      vmName: request.source.name,
      applianceId: request.appliance,
      firstRunId: info.firstExecutionRunId,
      ...(request.projectId === undefined ? {} : { projectId: request.projectId }),
    };
    this.#activities = activitiesOf(request.site, request.appliance);
    const recorder = new PhaseRecorder(this.#activities, this.#vm);
    this.#recorder = recorder;
    this.#view = new RunView(newState(request, info.startTime), this.#control, {
      searchAttributes,
      record: (phase, reason, failure) => {
        recorder.record(phase, reason, failure);
      },
    });
    this.#ledger = this.#newLedger();
    registerHandlers({
      control: this.#control,
      view: this.#view,
      replaceDisk: ({ diskKey, sourceUri, budgets }) => {
        if (sourceUri !== undefined) {
          const sourceRevision = 1 + (this.#replacedSources.get(diskKey)?.sourceRevision ?? 0);
          this.#replacedSources.set(diskKey, { source: { kind: 'nbd', uri: sourceUri }, sourceRevision });
        }
        if (budgets !== undefined) this.#ledger.replaceBudgets(diskKey, budgets);
      },
    });
    // Temporal's own cancel is the gentlest wish: nothing is detached or deleted.
    root.cancelRequested.catch(() => {
      this.#control.requestStop(true);
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
      if (isStop(error)) return await this.#cancel();
      throw error;
    }
  }

  async #claim(): Promise<void> {
    const { requestId } = this.#request;
    try {
      await this.#activities.claimVm({ ...this.#vm, kind: 'replication', requestId, requestDigest: this.#digest });
    } catch (error) {
      // Nothing was made and nothing is held: the run ends with what refused it.
      throw closingFailure(failureOf(error, 'claimVm'));
    }
  }

  /** Provisions all disks, or takes all back and tries again, until the budget is spent. */
  async #provision(): Promise<ProvisionedDisk[]> {
    const { provisioningAttempts, provisioningPause } = this.#request.budgets;
    for (let attempt = 1; ; attempt += 1) {
      this.#view.state.provisioningAttempt = attempt;
      try {
        return await this.#control.forward(() => this.#provisionOnce(attempt));
      } catch (error) {
        if (isStop(error) || this.#control.stopWish() !== undefined) throw new Stopped();
        const failure = error instanceof StepFailed ? error.record : failureOf(error, 'provisioning');
        this.#view.state.lastFailure = failure;
        await this.#takeBack('compensate', 'compensating', failure);
        if (this.#control.stopWish() !== undefined) throw new Stopped();
        if (failure.class !== 'failed' || attempt >= provisioningAttempts) throw await this.#rolledBack(failure);
        this.#view.beginAgain();
        await this.#control.pauseFor(milliseconds(provisioningPause) * 2 ** (attempt - 1));
        this.#ledger = this.#newLedger();
        this.#view.goOn();
      }
    }
  }

  async #provisionOnce(attempt: number): Promise<ProvisionedDisk[]> {
    await this.#control.gate();
    const { existingVolumes } = await this.#preflight();
    const existing = new Map(existingVolumes.map((volume) => [volume.diskKey, volume.volumeId]));
    this.#view.enter('provisioning');
    const provision = async (disk: DiskRequest): Promise<ProvisionedDisk> => {
      const context = { vm: this.#vm, request: this.#request, attempt, existingVolumeId: existing.get(disk.key) };
      try {
        return await provisionDisk(this.#ledger, this.#view, context, disk);
      } catch (error) {
        this.#ledger.close();
        throw error;
      }
    };
    const disks = allOrWorst(await Promise.allSettled(this.#request.disks.map(provision)));
    if (existing.size === 0 || !patched('recovery-points')) return disks;
    return await pointBeforeCycle(
      {
        vm: this.#vm,
        activities: this.#activities,
        ledger: this.#ledger,
        view: this.#view,
        control: this.#control,
        attempt,
      },
      disks,
    );
  }

  async #preflight(): Promise<PreflightSiteOutput> {
    const input = { vm: this.#vm, request: this.#request };
    const site = await this.#activities.preflightSite(input);
    const { applianceMacAddresses } = site;
    await this.#activities.preflightAppliance({ ...input, applianceMacAddresses });
    return site;
  }

  /** After the barrier: all disks side by side, each to its end or held. */
  async #transfer(disks: readonly ProvisionedDisk[]): Promise<void> {
    const open = new Set<number>();
    const copied = new Set<number>();
    const now = () => new Date().toISOString();
    const context = {
      ledger: this.#ledger,
      view: this.#view,
      control: this.#control,
      sourceOf: ({ request }: ProvisionedDisk) => this.#replacedSources.get(request.key) ?? { source: request.source },
      roundsOf: () => this.#request.budgets.stepAttempts,
      exportOpened: ({ request }: ProvisionedDisk) => {
        open.add(request.key);
        if (open.size < disks.length || this.#view.state.exportsOpenAt !== undefined) return;
        this.#view.state.exportsOpenAt = now();
        this.#view.enter('copying');
      },
      copied: ({ request }: ProvisionedDisk) => {
        if (copied.add(request.key).size === disks.length) this.#view.state.copiedAt = now();
      },
    };
    allOrWorst(await this.#control.forward(() => Promise.allSettled(disks.map((disk) => transferDisk(context, disk)))));
  }

  async #cancel(): Promise<ReplicationResult> {
    const keepVolumes = this.#control.stopWish()?.keepVolumes ?? true;
    this.#view.state.cancelWish = { keepVolumes };
    await this.#takeBack(keepVolumes ? 'keep-volumes' : 'cancel', 'cancelling', this.#view.state.lastFailure);
    if (keepVolumes) this.#view.nameKeptVolumes();
    return await this.#finish('cancelled');
  }

  async #takeBack(
    policy: 'compensate' | 'cancel' | 'keep-volumes',
    phase: 'compensating' | 'cancelling',
    failure: FailureRecord | undefined,
  ): Promise<void> {
    try {
      await unwindToProof(this.#ledger, this.#view, policy, phase);
    } catch (error) {
      throw error instanceof Abandoned ? await this.#abandoned(failure) : error;
    }
  }

  async #rolledBack(cause: FailureRecord): Promise<Error> {
    const vm = sourceVmPath(this.#vm);
    const next = cause.next.includes('diskferry retry') ? cause.next : `${cause.next} Then: diskferry retry ${vm}`;
    const record = failureRecord('rolled-back', { vm, cause: cause.message, next });
    await this.#end('rolled_back', undefined, record);
    return closingFailure(record, cause);
  }

  async #abandoned(cause: FailureRecord | undefined): Promise<Error> {
    this.#view.state.leftovers = this.#ledger.leftovers();
    const record = failureRecord('abandoned', {
      vm: sourceVmPath(this.#vm),
      leftovers: this.#view.state.leftovers.join('; '),
      cause: cause?.message ?? 'stopped by an operator',
    });
    await this.#end('abandoned', undefined, record);
    return closingFailure(record, cause);
  }

  async #finish(ended: ReplicationResult['state']): Promise<ReplicationResult> {
    this.#view.state.endedAt = new Date().toISOString();
    if (ended === 'replicated') delete this.#view.state.lastFailure;
    const result = resultOf(this.#view.state, ended);
    await this.#end(ended, result, undefined);
    return result;
  }

  /** Shows and records the end, gives the VM free, and lets every message handler finish. */
  async #end(
    phase: 'replicated' | 'cancelled' | 'rolled_back' | 'abandoned',
    result: ReplicationResult | undefined,
    failure: FailureRecord | undefined,
  ): Promise<void> {
    this.#view.state.endedAt ??= new Date().toISOString();
    this.#view.enter(phase);
    await this.#recorder.end(phase, result, failure);
    await this.#activities.endClaim(this.#vm);
    await condition(allHandlersFinished);
  }

  #newLedger(): UndoLedger {
    return new UndoLedger(this.#activities, this.#control, this.#view, this.#request.budgets);
  }
}
