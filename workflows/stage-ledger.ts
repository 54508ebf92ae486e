import { CancellationScope } from '@temporalio/workflow';
import { milliseconds } from '../domain/duration';
import type { FailoverStepName, FailoverUndoName } from '../domain/failover-steps';
import { failoverSteps } from '../domain/failover-steps';
import type { FailureCode } from '../domain/failures';
import type { Budgets } from '../domain/request';
import type { StepName, UndoName } from '../domain/steps';
import { steps } from '../domain/steps';
import type { RunActivities } from './activities';
import { attemptStep } from './attempt-step';
import type { FailoverView, Item } from './failover-view';
import type { RunControl } from './run-control';
import type { Proof } from './undo-until-proven';
import { undoUntilProven } from './undo-until-proven';

type StageStepName = FailoverStepName | StepName;
type StepInput<N extends StageStepName> = Parameters<RunActivities[N]>[0];
type StepOutput<N extends StageStepName> = Awaited<ReturnType<RunActivities[N]>>;
type UndoActivity = (this: void, input: object) => Promise<Proof>;

interface OwedUndo {
  readonly name: string;
  readonly call: () => Promise<Proof>;
}

const undosOf = (step: StageStepName): readonly (UndoName | FailoverUndoName)[] =>
  step in failoverSteps ? failoverSteps[step as FailoverStepName].undo : steps[step as StepName].undo;

/**
 * The ledger of a failover, a failback or a revert. As in a replication the undo is owed *before* its step begins; but what is owed
 * goes back in whole stages, newest first: all volumes leave the failover VM before it is removed. A stage is a step with all items
 * that it was run for, disks or the VM as a whole; within it items go side by side.
 */
export class StageLedger {
  /** by step, in the order of their first owing; each with its items and their undos in the order in which they run */
  readonly #stages = new Map<string, Map<Item, OwedUndo[]>>();

  constructor(
    private readonly activities: RunActivities,
    private readonly control: RunControl,
    private readonly view: FailoverView,
    private readonly budgets: Budgets,
  ) {}

  /**
   * Runs one step of one item until it succeeds, owing its undos first.
   *
   * @param giveUpOn - failures that the caller answers itself, without another try of this step
   * @throws StepFailed when the failure's class or the budget allows no further try
   * @throws Stopped when the run is to stop
   */
  run<N extends StageStepName>(
    item: Item,
    step: N,
    input: StepInput<N>,
    giveUpOn: readonly FailureCode[] = [],
  ): Promise<StepOutput<N>> {
    // One name picks both the input and the output; TypeScript cannot see that through an indexed call.
    const activity = this.activities[step] as (input: StepInput<N>) => Promise<StepOutput<N>>;
    const undos = undosOf(step).map((name) => ({
      name,
      call: () => (this.activities[name] as UndoActivity)(input),
    }));
    return this.#attempt(
      item,
      step,
      () => activity(input),
      giveUpOn,
      () => {
        this.#owe(item, step, undos);
      },
    );
  }

  /** Runs a call that owes nothing by itself with the same patience. @throws as `run` does */
  attempt<T>(item: Item, step: string, call: () => Promise<T>, giveUpOn: readonly FailureCode[] = []): Promise<T> {
    return this.#attempt(item, step, call, giveUpOn, () => undefined);
  }

  /** Owes an undo that is composed of several activities, under a name of its own. It must go on from wherever things stand. */
  oweCall(item: Item, name: string, _input: object, call: () => Promise<Proof>): void {
    this.#owe(item, name, [{ name, call }]);
  }

  /** What was owed under this name is owed no more: it has been done as a forward act, or is to stay. */
  paid(item: Item, name: string): void {
    this.#stages.get(name)?.delete(item);
    this.#showOwed(item);
  }

  /** Nothing is owed any more: what was made is to stay. */
  forgive(): void {
    const items = new Set([...this.#stages.values()].flatMap((stage) => [...stage.keys()]));
    this.#stages.clear();
    for (const item of items) this.#showOwed(item);
  }

  /**
   * Takes back what is owed, stage by stage, newest first, in a scope that no cancellation reaches, each undo tried until it is
   * proven. A stage begins when the one before is proven whole.
   *
   * @param attention - called when undoing has failed for `undoAttentionAfter`, and again when it goes on well
   * @throws Abandoned when an operator gave the leftovers up
   */
  async unwind(attention: (needed: boolean) => void): Promise<void> {
    await CancellationScope.nonCancellable(async () => {
      for (const stage of [...this.#stages.values()].reverse()) {
        const results = await Promise.allSettled([...stage].map(([item, undos]) => this.#undo(item, undos, attention)));
        const failed = results.find((result) => result.status === 'rejected');
        if (failed !== undefined) throw failed.reason;
      }
    });
  }

  /** What is still owed, in words, newest first. */
  leftovers(): string[] {
    return [...this.#stages.values()]
      .reverse()
      .flatMap((stage) =>
        [...stage].flatMap(([item, undos]) =>
          undos.map((undo) => `${this.view.nameOf(item)}: ${undo.name} not proven`),
        ),
      );
  }

  #attempt<T>(
    item: Item,
    step: string,
    call: () => Promise<T>,
    giveUpOn: readonly FailureCode[],
    owe: () => void,
  ): Promise<T> {
    return attemptStep(
      {
        step,
        diskKey: item === 'vm' ? undefined : item,
        call: async () => {
          const value = await call();
          this.view.went(item);
          return { interrupted: false, value };
        },
        show: this.view.show(item, step),
        control: this.control,
        budgets: () => this.budgets,
        closed: () => false,
        giveUpOn,
      },
      owe,
    );
  }

  #owe(item: Item, step: string, undos: readonly OwedUndo[]): void {
    if (undos.length === 0) return;
    const stage = this.#stages.get(step) ?? new Map<Item, OwedUndo[]>();
    this.#stages.set(step, stage);
    if (stage.has(item)) return;
    stage.set(item, [...undos]);
    this.#showOwed(item);
  }

  async #undo(item: Item, undos: OwedUndo[], attention: (needed: boolean) => void): Promise<void> {
    for (let undo = undos[0]; undo !== undefined; undo = undos[0]) {
      const { outcome, reason } = await undoUntilProven({
        undo: undo.name,
        call: undo.call,
        show: this.view.show(item, undo.name),
        control: this.control,
        attentionAfterMs: milliseconds(this.budgets.undoAttentionAfter),
        attention,
      });
      undos.shift();
      this.view.went(item);
      if (outcome === 'kept' && reason !== undefined) this.view.keep(item, reason);
      this.#showOwed(item);
    }
  }

  #showOwed(item: Item): void {
    const owed = [...this.#stages.values()].reverse().flatMap((stage) => stage.get(item) ?? []);
    this.view.showOwed(
      item,
      owed.map((undo) => undo.name),
    );
  }
}
