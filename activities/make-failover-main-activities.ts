import { makeClaimFailover, type ClaimFailoverWork } from './claim-failover';
import { makeEnterLease, type LeaseWork } from './enter-lease';
import { makePlanFailover, type PlanWork } from './plan-failover';
import type { FailoverMainActivities } from './queues';
import { makeRecordFailover, type RecordFailoverWork } from './record-failover';

/** Activities of failovers that need the database only. */
export type FailoverDatabaseActivities = Pick<
  FailoverMainActivities,
  'claimFailover' | 'enterLease' | 'recordFailover' | 'planFailover'
>;

/** Makes the activities of failovers on the queue `diskferry` that need the database only. */
export function makeFailoverDatabaseActivities(
  deps: ClaimFailoverWork & LeaseWork & RecordFailoverWork & PlanWork,
): FailoverDatabaseActivities {
  return {
    claimFailover: makeClaimFailover(deps),
    enterLease: makeEnterLease(deps),
    recordFailover: makeRecordFailover(deps),
    planFailover: makePlanFailover(deps),
  };
}
