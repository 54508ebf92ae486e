import { makeClaimFailover, type ClaimFailoverWork } from './claim-failover';
import { type CommitWork, makeCommitFailback, makeCommitFailover } from './commit-failover';
import { makeCommitRevert, type RevertWork } from './commit-revert';
import { makeEnterLease, type LeaseWork } from './enter-lease';
import type { MappingWork } from './map-device';
import { makeMapToVm, makeUnmapFromVm } from './map-to-vm';
import { makePlanFailover, type PlanWork } from './plan-failover';
import type { FailoverMainActivities } from './queues';
import { makeRecordFailover, type RecordFailoverWork } from './record-failover';

/** Makes the activities of failovers on the queue `diskferry`. */
export function makeFailoverMainActivities(
  deps: ClaimFailoverWork & LeaseWork & RecordFailoverWork & PlanWork & MappingWork & CommitWork & RevertWork,
): FailoverMainActivities {
  return {
    claimFailover: makeClaimFailover(deps),
    enterLease: makeEnterLease(deps),
    recordFailover: makeRecordFailover(deps),
    planFailover: makePlanFailover(deps),
    mapToVm: makeMapToVm(deps),
    unmapFromVm: makeUnmapFromVm(deps),
    commitFailover: makeCommitFailover(deps),
    commitFailback: makeCommitFailback(deps),
    commitRevert: makeCommitRevert(deps),
  };
}
