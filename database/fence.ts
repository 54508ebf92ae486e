/**
 * Who acts, for the fence of every effect: the transaction that writes an effect's row compares the run with the claim on the
 * source VM, so that an activity of a terminated, reset or overtaken run can do nothing more.
 */
export interface Fence {
  readonly site: string;
  readonly sourceId: string;
  readonly sourceVmId: string;
  readonly workflowId: string;
  /** the activity's own run id, never one from history */
  readonly runId: string;
}

/** The claim is held by somebody else, or by nobody. */
export class ClaimLostError extends Error {
  constructor(
    readonly fence: Fence,
    readonly holder: { readonly workflowId: string; readonly runId: string } | undefined,
    readonly epoch: number,
  ) {
    super(`run ${fence.runId} of ${fence.workflowId} no longer holds its VM`);
    this.name = 'ClaimLostError';
  }
}
