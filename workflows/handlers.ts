import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import { failureRecord } from '../domain/failures';
import { finalPhases } from '../domain/phases';
import type { Phase } from '../domain/phases';
import { describeProblems, diskSourceSchema } from '../domain/request';
import type { CancelOptions, ReplaceDiskOptions } from './messages';
import {
  abandonLeftoversUpdate,
  cancelUpdate,
  pauseUpdate,
  replaceDiskOptionsUpdate,
  resumeUpdate,
  retryNowUpdate,
  stateQuery,
} from './messages';
import type { RunControl } from './run-control';
import type { RunView } from './run-view';

export interface HandlerContext {
  readonly control: RunControl;
  readonly view: RunView;
  /** absent where the workflow copies nothing */
  readonly replaceDisk?: (change: ReplaceDiskOptions) => void;
}

/** Phases in which a run takes things back: a pause has no meaning there. */
const goingBack: ReadonlySet<Phase> = new Set(['compensating', 'cancelling', 'needs_attention', 'releasing']);

/** Registers all message handlers; called before the first await, or early messages would find none. */
export function registerHandlers({ control, view, replaceDisk }: HandlerContext): void {
  const { state } = view;
  const vm = `${state.site}/${state.sourceId}/${state.sourceVmId}`;
  const refuse = (update: string, reason: string): never => {
    const record = failureRecord('update-refused', { vm, update, reason });
    throw ApplicationFailure.nonRetryable(record.message, record.code, record);
  };
  const refuseEnded = (update: string): void => {
    if (finalPhases.has(state.phase)) refuse(update, `it has ended (${state.phase})`);
  };

  setHandler(stateQuery, () => state, { description: 'what the run is doing now' });
  setHandler(
    retryNowUpdate,
    () => {
      control.retryNow();
    },
    {
      description: 'cuts a pause short, or lets a held disk or a failing undo try again',
      validator: () => {
        refuseEnded('retryNow');
      },
    },
  );
  setHandler(
    pauseUpdate,
    () => {
      control.requestPause();
      view.state.pauseWish = true;
      view.refresh();
    },
    {
      description: 'begins no new step and stops copies at their window',
      validator: () => {
        refuseEnded('pause');
        if (goingBack.has(state.phase)) refuse('pause', `it is taking back what it made (${state.phase})`);
      },
    },
  );
  setHandler(
    resumeUpdate,
    () => {
      control.resume();
      view.state.pauseWish = false;
      view.refresh();
    },
    {
      description: 'goes on after a pause',
      validator: () => {
        refuseEnded('resume');
        if (!control.pauseWish()) refuse('resume', 'it is not paused');
      },
    },
  );
  setHandler(
    cancelUpdate,
    (options?: CancelOptions) => {
      control.requestStop(options?.keepVolumes ?? false);
    },
    {
      description: 'stops the run; volumes with data are kept',
      validator: (options?: CancelOptions) => {
        refuseEnded('cancel');
        if (replaceDisk === undefined) refuse('cancel', 'a release goes on to its end, or is abandoned');
        const keep = options?.keepVolumes ?? false;
        if (control.stopWish() !== undefined && control.stopWish()?.keepVolumes !== keep) {
          refuse('cancel', `it is stopping already, with keepVolumes ${String(!keep)}`);
        }
      },
    },
  );
  setHandler(
    abandonLeftoversUpdate,
    () => {
      control.abandonLeftovers();
    },
    {
      description: 'ends a run whose undo cannot succeed; what is left stays recorded',
      validator: () => {
        if (state.phase !== 'needs_attention') refuse('abandonLeftovers', `it is ${state.phase}, not needs_attention`);
      },
    },
  );
  if (replaceDisk === undefined) return;
  setHandler(replaceDiskOptionsUpdate, replaceDisk, {
    description: 'gives a disk another source or other budgets',
    validator: (change: ReplaceDiskOptions) => {
      refuseEnded('replaceDiskOptions');
      if (!state.disks.some((disk) => disk.key === change.diskKey)) {
        refuse('replaceDiskOptions', `it has no disk ${String(change.diskKey)}`);
      }
      if (change.sourceUri === undefined) return;
      const source = diskSourceSchema.safeParse({ kind: 'nbd', uri: change.sourceUri });
      if (!source.success) refuse('replaceDiskOptions', `source ${describeProblems(source.error).join('; ')}`);
    },
  });
}
