import type { FailoverGroupState } from '../domain/failover-state';
import { failure } from '../domain/failures';
import { failoverGroupWorkflowId } from '../domain/names';
import type { FailoverGroupResult } from '../workflows/fail-over-group';
import { cancelUpdate } from '../workflows/messages';
import { parseFailoverGroup } from './failover-requests';
import { failoverResultOf, failoverWords } from './failover-words';
import { sendUpdate } from './send-update';
import { startFailoverGroup, type FailoverServices } from './start-failover';
import type { StartedRun } from './start-run';
import { stateOf } from './status-parts';

/** Failovers of several VMs in one. Each member is a run of its own, which the FailoverClient shows and tells as any other. */
export class FailoverGroupClient {
  constructor(
    readonly services: FailoverServices,
    readonly updatePatienceMs: number,
  ) {}

  /** Starts a group, once, however often it is sent. Throws as a start of one VM does. */
  async start(request: unknown): Promise<StartedRun> {
    return await failoverWords(() => startFailoverGroup(this.services, parseFailoverGroup(request)));
  }

  /** What a group does. Needs a live worker; asks for at most 3 s. Throws `failover-unknown`, or what Temporal answers. */
  async state(group: string): Promise<FailoverGroupState> {
    const workflowId = failoverGroupWorkflowId(group);
    const state = await stateOf<FailoverGroupState>(this.services.temporal, workflowId, 'groupState');
    if (state === undefined) throw failure('failover-unknown', { vm: group });
    return state;
  }

  /** Waits for the end of a group: of tests, when all sandboxes are gone. Throws `failover-group-failed`, or `failover-unknown`. */
  async result(group: string, runId?: string): Promise<FailoverGroupResult> {
    const workflowId = failoverGroupWorkflowId(group);
    return (await failoverResultOf(this.services.temporal, workflowId, runId, group)) as FailoverGroupResult;
  }

  /**
   * Begins no further stage; tests end, and members that are not past their point of no return are taken back. Throws as
   * {@link sendUpdate} does.
   */
  async cancel(group: string): Promise<void> {
    const target = { vm: group, workflowId: failoverGroupWorkflowId(group), patienceMs: this.updatePatienceMs };
    await failoverWords(() => sendUpdate(this.services.temporal, target, cancelUpdate));
  }
}
