import { CancellationScope } from '@temporalio/workflow';
import { milliseconds } from '../domain/duration';
import type { FailoverUndoName } from '../domain/failover-steps';
import { failoverSteps } from '../domain/failover-steps';
import type { FailureCode } from '../domain/failures';
import type { DiskState } from '../domain/replication-state';
import type { Budgets } from '../domain/request';
import { steps } from '../domain/steps';
import type { StepName, UndoName } from '../domain/steps';
import type { UndoPolicy } from '../domain/undo-policy';
import { undoApplies } from '../domain/undo-policy';
import type { RunActivities } from './activities';
import type { StepAnswer, StepShow } from './attempt-step';
import { attemptStep } from './attempt-step';
import type { RunControl } from './run-control';
import type { RunView } from './run-view';
import type { Proof } from './undo-until-proven';
import { undoUntilProven } from './undo-until-proven';

/** The steps of a replication, with the one that its recovery point takes of each disk. */
type LedgerStepName = StepName | 'snapshotVolume';
type StepInput<N extends LedgerStepName> = Parameters<RunActivities[N]>[0];
type StepOutput<N extends LedgerStepName> = Awaited<ReturnType<RunActivities[N]>>;

/** Copies find their place again, so a pause may interrupt them. */
const interruptibleSteps: ReadonlySet<LedgerStepName> = new Set(['copyDisk', 'verifyDisk']);

type UndoActivity = (this: void, input: object) => Promise<Proof>;

interface OwedUndo {
  /** the step that it takes back, or the name of what is composed */
  readonly step: string;
  readonly undo: string;
  readonly input: object;
  readonly call: () => Promise<Proof>;
}

const undosOf = (step: LedgerStepName): readonly (UndoName | FailoverUndoName)[] =>
  step === 'snapshotVolume' ? failoverSteps[step].undo : steps[step].undo;

function volumeOf(input: object): string | undefined {
  return 'volumeId' in input && typeof input.volumeId === 'string' ? input.volumeId : undefined;
}

/**
 * Runs steps, and owes the undo of each *before* the step begins: it may take effect and never answer. Unwinding runs what is
 * owed, newest first per disk, to its proof.
 */
export class UndoLedger {
  readonly #owed = new Map<number, OwedUndo[]>();
  readonly #budgets = new Map<number, Budgets>();
  #closed = false;

  constructor(
    private readonly activities: RunActivities,
    private readonly control: RunControl,
    private readonly view: RunView,
    private readonly budgets: Budgets,
  ) {}

  /** Other budgets for one disk, from now on. */
  replaceBudgets(diskKey: number, budgets: Partial<Budgets>): void {
    this.#budgets.set(diskKey, { ...this.#budgetsOf(diskKey), ...budgets });
  }

  /** Begins no further step: a sibling has failed for good, and compensation waits until all disks are quiet. */
  close(): void {
    this.#closed = true;
  }

  /**
   * Runs one step of one disk until it succeeds, pausing between tries that *failed*.
   *
   * @param giveUpOn - failures that the caller answers itself, without another try of this step
   * @throws StepFailed when the failure's class or the budget allows no further try
   * @throws SiblingFailed when another disk has failed for good
   * @throws Stopped when the run is to stop
   */
  run<N extends LedgerStepName>(
    diskKey: number,
    step: N,
    input: StepInput<N>,
    giveUpOn: readonly FailureCode[] = [],
  ): Promise<StepOutput<N>> {
    return attemptStep(
      {
        step,
        diskKey,
        call: () => this.#call(step, input),
        show: this.#show(diskKey, step),
        giveUpOn,
        ...this.#rules(diskKey),
      },
      () => {
        this.owe(diskKey, step, input);
      },
    );
  }

  /**
   * Runs a call that owes nothing by itself with the same patience: one of a disk, or of the VM as a whole.
   *
   * @throws as `run` does
   */
  attempt<T>(item: number | 'vm', step: string, call: () => Promise<T>): Promise<T> {
    const diskKey = item === 'vm' ? undefined : item;
    return attemptStep(
      {
        step,
        diskKey,
        call: async () => ({ interrupted: false, value: await call() }),
        show: diskKey === undefined ? this.view.vmShow() : this.#show(diskKey, 'snapshotVolume'),
        giveUpOn: [],
        ...this.#rules(diskKey),
      },
      () => undefined,
    );
  }

  /** Owes the undo of a step, once however often the step is run; of each volume where a disk has several (a release). */
  owe(diskKey: number, step: LedgerStepName, input: object): void {
    // Newest first: the undos of a step run in the order of the table, so they are pushed in reverse.
    const undos = [...undosOf(step)].reverse().map((undo) => ({
      step,
      undo,
      input,
      call: () => (this.activities[undo] as UndoActivity)(input),
    }));
    this.#push(diskKey, step, input, undos);
  }

  /** Owes an undo that is composed of several activities, under a name of its own. It goes on from wherever things stand. */
  oweCall(diskKey: number, name: string, input: object, call: () => Promise<Proof>): void {
    this.#push(diskKey, name, input, [{ step: name, undo: name, input, call }]);
  }

  /** What was owed under this name is owed no more: it has been done as a forward act, or is to stay. */
  paid(diskKey: number, name: string): void {
    const owed = this.#of(diskKey);
    this.#owed.set(
      diskKey,
      owed.filter((entry) => entry.step !== name),
    );
    this.#showOwed(diskKey);
  }

  /** Runs what is owed for one step of a disk now, as a forward act: an export is closed once its copy is verified. */
  async settle(diskKey: number, step: StepName): Promise<void> {
    await this.#unwindDisk(
      diskKey,
      (entry) => entry.step === step,
      () => undefined,
      'closeExport',
    );
  }

  /**
   * Takes back what is owed on all disks: newest first per disk, disks independent of one another, in a scope that no
   * cancellation reaches, each undo tried until it is proven. What a policy leaves alone stays owed to nobody.
   *
   * @param attention - called when undoing has failed for `undoAttentionAfter`, and again when it goes on well
   * @throws Abandoned when an operator gave the leftovers up
   */
  async unwind(policy: UndoPolicy, attention: (needed: boolean) => void): Promise<void> {
    await CancellationScope.nonCancellable(async () => {
      const results = await Promise.allSettled(
        [...this.#owed.keys()].map((diskKey) =>
          this.#unwindDisk(diskKey, (entry) => undoApplies(policy, entry.step), attention),
        ),
      );
      const failed = results.find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    });
  }

  /** The run has succeeded: what it made is to stay, nothing is owed any more. */
  forgive(): void {
    for (const diskKey of this.#owed.keys()) {
      this.#owed.set(diskKey, []);
      this.#showOwed(diskKey);
    }
  }

  /** What is still owed, in words, for people. */
  leftovers(): string[] {
    return [...this.#owed].flatMap(([diskKey, owed]) =>
      [...owed].reverse().map((entry) => {
        const volumeId = volumeOf(entry.input) ?? this.view.disk(diskKey).volumeId;
        const thing = volumeId === undefined ? '' : ` of volume ${volumeId}`;
        return `disk ${String(diskKey)}: ${entry.undo}${thing} not proven`;
      }),
    );
  }

  async #unwindDisk(
    diskKey: number,
    applies: (entry: OwedUndo) => boolean,
    attention: (needed: boolean) => void,
    shownAs: DiskState['step'] = 'undoing',
  ): Promise<void> {
    const owed = this.#of(diskKey);
    for (const entry of [...owed].reverse()) {
      if (!applies(entry)) continue;
      const outcome = await this.#undo(diskKey, entry, attention, shownAs);
      owed.splice(owed.indexOf(entry), 1);
      if (outcome.outcome === 'kept' && outcome.reason !== undefined) this.view.disk(diskKey).kept.push(outcome.reason);
      this.#showOwed(diskKey);
    }
  }

  #undo(
    diskKey: number,
    entry: OwedUndo,
    attention: (needed: boolean) => void,
    shownAs: DiskState['step'],
  ): Promise<Proof> {
    return undoUntilProven({
      undo: entry.undo,
      call: entry.call,
      show: this.#show(diskKey, shownAs),
      control: this.control,
      attentionAfterMs: milliseconds(this.#budgetsOf(diskKey).undoAttentionAfter),
      attention,
    });
  }

  async #call<N extends LedgerStepName>(step: N, input: StepInput<N>): Promise<StepAnswer<StepOutput<N>>> {
    // One name picks both the input and the output; TypeScript cannot see that through an indexed call.
    const activity = this.activities[step] as (input: StepInput<N>) => Promise<StepOutput<N>>;
    if (interruptibleSteps.has(step)) return await this.control.interruptible(() => activity(input));
    return { interrupted: false, value: await activity(input) };
  }

  #show(diskKey: number, step: DiskState['step']): StepShow {
    return {
      begins: (attempt) => this.view.stepBegins(diskKey, step, attempt),
      fails: (failure) => this.view.stepFails(diskKey, failure),
      leaves: () => this.view.stepLeaves(diskKey),
      pauseBegins: (pause) => this.view.retryBegins(diskKey, pause),
      pauseEnds: () => this.view.retryEnds(diskKey),
    };
  }

  #rules(diskKey: number | undefined) {
    return {
      control: this.control,
      budgets: () => (diskKey === undefined ? this.budgets : this.#budgetsOf(diskKey)),
      closed: () => this.#closed,
    };
  }

  #push(diskKey: number, step: string, input: object, undos: readonly OwedUndo[]): void {
    const owed = this.#of(diskKey);
    if (owed.some((entry) => entry.step === step && volumeOf(entry.input) === volumeOf(input))) return;
    owed.push(...undos);
    this.#showOwed(diskKey);
  }

  #of(diskKey: number): OwedUndo[] {
    const owed = this.#owed.get(diskKey) ?? [];
    this.#owed.set(diskKey, owed);
    return owed;
  }

  #budgetsOf(diskKey: number): Budgets {
    return this.#budgets.get(diskKey) ?? this.budgets;
  }

  #showOwed(diskKey: number): void {
    this.view.disk(diskKey).undosOwed = [...this.#of(diskKey)].reverse().map((entry) => entry.undo);
  }
}
