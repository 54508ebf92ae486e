import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import { durationSchema, milliseconds } from '../domain/duration';
import type { FailoverPhase } from '../domain/failover-phases';
import { finalFailoverPhases } from '../domain/failover-phases';
import { failureRecord } from '../domain/failures';
import { sourceVmPath } from '../domain/names';
import type { FailoverRun } from './failover-run';
import type { Lease } from './lease';
import type { CancelOptions, ExtendLeaseOptions } from './messages';
import {
  abandonLeftoversUpdate,
  cancelUpdate,
  confirmStartUpdate,
  endTestUpdate,
  extendLeaseUpdate,
  failoverStateQuery,
  retryNowUpdate,
  sourceQuiescedUpdate,
  takeBackSignal,
} from './messages';

/** What an operator has said of a live failover. */
export interface Confirmations {
  quiesced: boolean;
  confirmed: boolean;
}

export interface FailoverHandlers {
  readonly run: FailoverRun;
  /** the lease of a test whose sandbox is up */
  readonly lease?: () => Lease | undefined;
  readonly confirmations?: Confirmations;
}

const goingBack: ReadonlySet<FailoverPhase> = new Set(['compensating', 'ending', 'needs_attention']);

/** Registers all message handlers of a failover; called before the first await, or early messages would find none. */
export function registerFailoverHandlers({ run, lease, confirmations }: FailoverHandlers): void {
  const { control, view } = run;
  const { state } = view;
  const refuse = (update: string, reason: string): never => {
    const record = failureRecord('update-refused', { vm: sourceVmPath(run.vm), update, reason });
    throw ApplicationFailure.nonRetryable(record.message, record.code, record);
  };
  const refuseEnded = (update: string): void => {
    if (finalFailoverPhases.has(state.phase)) refuse(update, `it has ended (${state.phase})`);
  };
  const refuseUnless = (update: string, phase: FailoverPhase): void => {
    if (state.phase !== phase) refuse(update, `it is ${state.phase}, not ${phase}`);
  };
  /** A sandbox that is up ends; anything else before the point of no return is taken back. */
  const takeBack = (): void => {
    const running = lease?.();
    if (running !== undefined) running.end();
    else run.requestStop();
  };

  setHandler(failoverStateQuery, () => state, { description: 'what the failover is doing now' });
  setHandler(retryNowUpdate, () => control.retryNow(), {
    description: 'cuts a pause short, or lets what is held or a failing undo try again',
    validator: () => refuseEnded('retryNow'),
  });
  setHandler(cancelUpdate, (_options?: CancelOptions) => takeBack(), {
    description: 'takes back what was begun; a test ends. Refused beyond the point of no return',
    validator: (_options?: CancelOptions) => {
      refuseEnded('cancel');
      if (goingBack.has(state.phase)) refuse('cancel', `it is taking back what it made already (${state.phase})`);
      if (control.sealed()) refuse('cancel', whyForwardOnly(run));
    },
  });
  setHandler(abandonLeftoversUpdate, () => control.abandonLeftovers(), {
    description: 'ends a run that cannot go on or back by itself; what is left stays recorded',
    validator: () => {
      if (state.phase === 'needs_attention' || state.phase === 'held') return;
      refuse('abandonLeftovers', `it is ${state.phase}, not needs_attention or held`);
    },
  });
  setHandler(takeBackSignal, () => {
    if (state.phase === 'held' && state.kind === 'live') control.abandonLeftovers();
    else if (!finalFailoverPhases.has(state.phase)) takeBack();
  });

  if (lease !== undefined) {
    setHandler(endTestUpdate, takeBack, {
      description: 'removes the sandbox now',
      validator: () => {
        if (state.phase === 'ending') return;
        refuseEnded('endTest');
        if (state.phase !== 'running')
          refuse('endTest', `its sandbox is not up yet (${state.phase}); cancel it instead`);
      },
    });
    setHandler(
      extendLeaseUpdate,
      (options: ExtendLeaseOptions) => {
        const running = lease();
        if (running !== undefined) running.extendTo(new Date(newEnd(options, running)));
        const until = running?.until() ?? '';
        state.leaseUntil = until;
        view.recordAgain();
        return until;
      },
      {
        description: 'gives the test another end',
        validator: (options: ExtendLeaseOptions) => {
          refuseUnless('extendLease', 'running');
          const running = lease();
          if (running === undefined) return;
          const end = newEnd(options, running);
          if (Number.isNaN(end)) refuse('extendLease', 'it takes {by: "1h"} or {until: an ISO time}');
          if (end <= Date.now()) refuse('extendLease', 'that end has passed already; end the test with endTest');
        },
      },
    );
  }
  if (confirmations === undefined) return;
  setHandler(
    sourceQuiescedUpdate,
    () => {
      confirmations.quiesced = true;
    },
    {
      description: 'the source writes no more',
      validator: () => refuseUnless('sourceQuiesced', 'quiescing'),
    },
  );
  setHandler(
    confirmStartUpdate,
    () => {
      confirmations.confirmed = true;
    },
    {
      description: 'goes on beyond the point of no return',
      validator: () => refuseUnless('confirmStart', 'awaiting_confirmation'),
    },
  );
}

/** The end that is asked for, in ms since the epoch; NaN when it is none. */
function newEnd(options: ExtendLeaseOptions | undefined, lease: Lease): number {
  if (options === undefined) return NaN;
  if ('until' in options) return Date.parse(options.until);
  const by = durationSchema.safeParse(options.by);
  return by.success ? Date.parse(lease.until()) + milliseconds(by.data) : NaN;
}

function whyForwardOnly({ view: { state }, vm }: FailoverRun): string {
  const path = sourceVmPath(vm);
  switch (state.kind) {
    case 'live':
      return `it is past its point of no return; take it back with: diskferry failover back ${path}`;
    case 'back':
      return 'the failover VM is being removed; it goes on to its end';
    case 'revert':
      return 'the volumes of the point have taken their places; it goes on to its end';
    case 'test':
      return 'it goes on to its end';
  }
}
