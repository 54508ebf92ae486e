import type { PlanFailoverOutput, PreflightFailoverOutput } from '../domain/failover-io';
import type { FailBackRequest, FailoverRequest, RevertRequest } from '../domain/failover-request';

/** A request that can be planned: its kind follows from its fields. */
export type PlannableRequest = FailoverRequest | FailBackRequest | RevertRequest;

/** What `planFailOver` answers. */
export interface PlannedFailover {
  readonly plan: PlanFailoverOutput;
  readonly preflight: PreflightFailoverOutput;
}
