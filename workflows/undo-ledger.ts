import { CancellationScope, condition } from '@temporalio/workflow';
import { milliseconds } from '../domain/duration';
import type { FailureCode } from '../domain/failures';
import type { DiskState } from '../domain/replication-state';
import type { Budgets } from '../domain/request';
import { steps } from '../domain/steps';
import type { StepName, UndoName } from '../domain/steps';
import type { UndoOutcome, UndoPolicy } from '../domain/undo-policy';
import { undoApplies } from '../domain/undo-policy';
import type { RunActivities } from './activities';
import { Abandoned, SiblingFailed, StepFailed, Stopped, failureOf, isStop } from './failure-of';
import type { RunControl } from './run-control';
import type { RunView } from './run-view';

type StepInput<N extends StepName> = Parameters<RunActivities[N]>[0];
type StepOutput<N extends StepName> = Awaited<ReturnType<RunActivities[N]>>;

/** Copies find their place again, so a pause may interrupt them. */
const interruptibleSteps: ReadonlySet<StepName> = new Set(['copyDisk', 'verifyDisk']);

const UNDO_PAUSE_MS = 1_000;
const UNDO_PAUSE_LIMIT_MS = 300_000;
const STEP_PAUSE_LIMIT_MS = 600_000;

type UndoActivity = (this: void, input: object) => Promise<UndoOutcome>;

interface OwedUndo {
  readonly step: StepName;
  readonly undo: UndoName;
  readonly input: object;
}

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
  async run<N extends StepName>(
    diskKey: number,
    step: N,
    input: StepInput<N>,
    giveUpOn: readonly FailureCode[] = [],
  ): Promise<StepOutput<N>> {
    await this.#mayBegin();
    this.owe(diskKey, step, input);
    for (let attempt = 1; ; attempt += 1) {
      await this.#mayBegin();
      this.view.stepBegins(diskKey, step, attempt);
      try {
        const done = await this.#call(step, input);
        if (!done.interrupted) return done.value;
        this.view.stepLeaves(diskKey);
        attempt -= 1;
      } catch (error) {
        if (this.control.stopWish() !== undefined || isStop(error)) {
          this.view.stepLeaves(diskKey);
          throw new Stopped();
        }
        const failure = failureOf(error, step);
        this.view.stepFails(diskKey, failure);
        const budgets = this.#budgetsOf(diskKey);
        if (failure.class !== 'failed' || giveUpOn.includes(failure.code) || attempt >= budgets.stepAttempts) {
          throw new StepFailed(diskKey, failure);
        }
        const pause = Math.min(milliseconds(budgets.stepPause) * 2 ** (attempt - 1), STEP_PAUSE_LIMIT_MS);
        this.view.retryBegins(diskKey, pause);
        try {
          await this.control.pauseFor(pause, () => this.#closed);
        } finally {
          this.view.retryEnds(diskKey);
        }
      }
    }
  }

  /** Owes the undo of a step, once however often the step is run; of each volume where a disk has several (a release). */
  owe(diskKey: number, step: StepName, input: object): void {
    const owed = this.#of(diskKey);
    if (owed.some((entry) => entry.step === step && volumeOf(entry.input) === volumeOf(input))) return;
    // Newest first: the undos of a step run in the order of the table, so they are pushed in reverse.
    for (const undo of [...steps[step].undo].reverse()) owed.push({ step, undo, input });
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

  async #mayBegin(): Promise<void> {
    await this.control.gate();
    if (this.#closed) throw new SiblingFailed();
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

  async #undo(
    diskKey: number,
    entry: OwedUndo,
    attention: (needed: boolean) => void,
    shownAs: DiskState['step'],
  ): Promise<UndoOutcome> {
    const seen: { proven: boolean; alarmed: boolean } = { proven: false, alarmed: false };
    // The clock runs beside the undo: one that waits for ever on the server (unavailable) needs attention as well.
    const alarm = condition(() => seen.proven, milliseconds(this.#budgetsOf(diskKey).undoAttentionAfter)).then(
      (inTime) => {
        if (inTime) return;
        seen.alarmed = true;
        attention(true);
      },
    );
    const scope = new CancellationScope();
    const givenUp = condition(() => seen.proven || this.control.abandoned()).then(() => {
      if (!seen.proven) scope.cancel();
    });
    try {
      for (let attempt = 1; ; attempt += 1) {
        this.view.stepBegins(diskKey, shownAs, attempt);
        try {
          return await scope.run(() => this.#callUndo(entry));
        } catch (error) {
          if (this.control.abandoned()) throw new Abandoned();
          this.view.stepFails(diskKey, failureOf(error, entry.undo));
          const pause = Math.min(UNDO_PAUSE_MS * 2 ** (attempt - 1), UNDO_PAUSE_LIMIT_MS);
          this.view.retryBegins(diskKey, pause);
          await this.control.pauseUndo(pause);
          this.view.retryEnds(diskKey);
          if (this.control.abandoned()) throw new Abandoned();
        }
      }
    } finally {
      seen.proven = true;
      this.view.stepLeaves(diskKey);
      await Promise.all([alarm, givenUp]);
      if (seen.alarmed && !this.control.abandoned()) attention(false);
    }
  }

  async #call<N extends StepName>(
    step: N,
    input: StepInput<N>,
  ): Promise<{ interrupted: false; value: StepOutput<N> } | { interrupted: true }> {
    // One name picks both the input and the output; TypeScript cannot see that through an indexed call.
    const activity = this.activities[step] as (input: StepInput<N>) => Promise<StepOutput<N>>;
    if (interruptibleSteps.has(step)) return await this.control.interruptible(() => activity(input));
    return { interrupted: false, value: await activity(input) };
  }

  #callUndo(entry: OwedUndo): Promise<UndoOutcome> {
    return (this.activities[entry.undo] as UndoActivity)(entry.input);
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
