import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { FailoverGroupState, FailoverState } from '../domain/failover-state';
import type { RepairOutcome } from '../domain/repair-io';
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

// Failovers, failbacks and reverts

/** What a failover, a failback or a revert is doing now. */
export const failoverStateQuery = defineQuery<FailoverState>('state');
/** A test: the sandbox is removed now, as at the end of its lease. */
export const endTestUpdate = defineUpdate<void>('endTest');
/** A test: another end of its lease. Answers with the new end, as an ISO time. */
export const extendLeaseUpdate = defineUpdate<string, [ExtendLeaseOptions]>('extendLease');
/** A live failover that asked for it: goes on beyond the point of no return. */
export const confirmStartUpdate = defineUpdate<void>('confirmStart');
/** A live failover with `quiesce: {by: 'update'}`: the source writes no more. */
export const sourceQuiescedUpdate = defineUpdate<void>('sourceQuiesced');

/** What a group is doing now. */
export const groupStateQuery = defineQuery<FailoverGroupState>('groupState');
/** A member of a group tells its parent how far it is; its end tells the rest. */
export const memberReadySignal = defineSignal<[MemberReady]>('memberReady');
/** A group takes a member back: its test ends, or what it has begun is undone. Beyond the point of no return it changes nothing. */
export const takeBackSignal = defineSignal('takeBack');

/** Either a duration from the present end on (`by`), or the new end as an ISO time (`until`). */
export type ExtendLeaseOptions = { readonly by: string } | { readonly until: string };

export interface MemberReady {
  /** `{site}/{source id}/{source VM id}` */
  readonly vm: string;
  /** `ready`: the sandbox is up, or the VM is failed over; `held`: it goes on by hand only */
  readonly outcome: 'ready' | 'held';
  readonly failure?: string;
}

// Repairs

/** What a repair has mended so far, and what it does now. */
export const repairStateQuery = defineQuery<RepairState>('repairState');

export interface RepairState {
  readonly outcomes: readonly RepairOutcome[];
  /** in words; undefined between two acts */
  readonly now: string | undefined;
}
