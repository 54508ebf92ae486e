/**
 * The run on whose behalf an activity acts. In workers it is made from Temporal's activity context, in tests it is a plain object.
 */
export interface ActivityRun {
  readonly workflowId: string;
  /** the activity's own run id: what claims are fenced by. Never taken from an input, which comes from history. */
  readonly runId: string;
  readonly activityId: string;
  /** aborted when the activity is cancelled, its worker shuts down, or the server no longer knows it */
  readonly signal: AbortSignal;
  /** tells the server that the activity lives; cancellation arrives only through it */
  heartbeat(details?: unknown): void;
}

/** Gives the run of the activity that is being executed. */
export type CurrentRun = () => ActivityRun;
