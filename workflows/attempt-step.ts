import { milliseconds } from '../domain/duration';
import type { FailureCode, FailureRecord } from '../domain/failures';
import type { Budgets } from '../domain/request';
import { SiblingFailed, StepFailed, Stopped, failureOf, isStop } from './failure-of';
import type { RunControl } from './run-control';

const STEP_PAUSE_LIMIT_MS = 600_000;

/** Where a step or an undo shows how it goes, try by try. */
export interface StepShow {
  begins(attempt: number): void;
  fails(failure: FailureRecord): void;
  /** it was interrupted, or an undo is over */
  leaves(): void;
  pauseBegins(milliseconds: number): void;
  pauseEnds(): void;
}

export type StepAnswer<T> = { readonly interrupted: false; readonly value: T } | { readonly interrupted: true };

export interface StepAttempts<T> {
  /** the name of the step, for a failure that carries no record */
  readonly step: string;
  /** the disk that it is of, if it is of one */
  readonly diskKey: number | undefined;
  readonly call: () => Promise<StepAnswer<T>>;
  readonly show: StepShow;
  readonly control: RunControl;
  /** asked after each failure: an operator may have changed them */
  readonly budgets: () => Budgets;
  /** whether a sibling has failed for good, so that nothing more begins */
  readonly closed: () => boolean;
  /** failures that the caller answers itself, without another try of this step */
  readonly giveUpOn: readonly FailureCode[];
}

/**
 * Waits while paused.
 *
 * @throws Stopped when the run is to stop, SiblingFailed when nothing more is to begin
 */
export async function mayBegin(control: RunControl, closed: () => boolean): Promise<void> {
  await control.gate();
  if (closed()) throw new SiblingFailed();
}

/**
 * Runs one step until it succeeds, pausing between tries that *failed*. The wish to stop is asked before any failure is classified.
 *
 * @throws StepFailed when the failure's class or the budget allows no further try
 * @throws SiblingFailed when another disk has failed for good
 * @throws Stopped when the run is to stop
 */
export async function attemptStep<T>(
  { step, diskKey, call, show, control, budgets, closed, giveUpOn }: StepAttempts<T>,
  owe: () => void,
): Promise<T> {
  await mayBegin(control, closed);
  // Owed before the step begins: it may take effect and never answer.
  owe();
  for (let attempt = 1; ; attempt += 1) {
    await mayBegin(control, closed);
    show.begins(attempt);
    try {
      const done = await call();
      if (!done.interrupted) return done.value;
      show.leaves();
      attempt -= 1;
    } catch (error) {
      if (control.stopWish() !== undefined || isStop(error)) {
        show.leaves();
        throw new Stopped();
      }
      const failure = failureOf(error, step);
      show.fails(failure);
      const { stepAttempts, stepPause } = budgets();
      if (failure.class !== 'failed' || giveUpOn.includes(failure.code) || attempt >= stepAttempts) {
        throw new StepFailed(diskKey, failure);
      }
      const pause = Math.min(milliseconds(stepPause) * 2 ** (attempt - 1), STEP_PAUSE_LIMIT_MS);
      show.pauseBegins(pause);
      try {
        await control.pauseFor(pause, closed);
      } finally {
        show.pauseEnds();
      }
    }
  }
}
