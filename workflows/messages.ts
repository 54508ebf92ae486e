import { defineQuery, defineUpdate } from '@temporalio/workflow';
import type { ReplicationState } from '../domain/replication-state';

/**
 * What a running workflow can be asked and told. Definitions only, so that clients may import them without the workflow.
 * Progress never travels by update or signal: the 2,001st update of a run is refused, and so is every one after it.
 */

/** What the run is doing now. */
export const stateQuery = defineQuery<ReplicationState>('state');

/** Cuts a durable pause short, or lets a held disk or a failing undo try again at once. */
export const retryNowUpdate = defineUpdate<void>('retryNow');
/** No new step begins, running copies stop at their window; nothing is undone. */
export const pauseUpdate = defineUpdate<void>('pause');
export const resumeUpdate = defineUpdate<void>('resume');
/** Stops the run. Answered when accepted; what was kept is named at the run's end. */
export const cancelUpdate = defineUpdate<void, [CancelOptions?]>('cancel');
/** Gives a held disk another source or other budgets. */
export const replaceDiskOptionsUpdate = defineUpdate<void, [ReplaceDiskOptions]>('replaceDiskOptions');
/** Ends a run whose undo cannot succeed; what is left stays recorded. */
export const abandonLeftoversUpdate = defineUpdate<void>('abandonLeftovers');

export interface CancelOptions {
  /** true: exports are closed, nothing is detached or deleted. Default false: empty volumes are removed, those with data detached and kept. */
  readonly keepVolumes?: boolean;
}

export interface ReplaceDiskOptions {
  readonly diskKey: number;
  readonly sourceUri?: string;
  readonly budgets?: { readonly stepAttempts?: number; readonly stepPause?: string };
}
