import type { ChildWorkflowHandle, Workflow } from '@temporalio/workflow';
import { condition, executeChild, startChild, uuid4 } from '@temporalio/workflow';
import type { FailoverRequest } from '../domain/failover-request';
import type { FailoverGroupState, FailoverResult } from '../domain/failover-state';
import { failBackWorkflowId, failoverWorkflowId, sourceVmPath } from '../domain/names';
import { failureOf } from './failure-of';
import type { FailBackVmInput, FailOverVmInput } from './inputs';
import type { MemberReady } from './messages';
import { takeBackSignal } from './messages';
import { startAttributes } from './start-attributes';

export type MemberState = FailoverGroupState['members'][number];

/** What the group gives to the workflows that it starts. */
export interface ForMembers {
  readonly requestDigest: string;
  readonly memberDigests: Readonly<Record<string, string>>;
  readonly searchAttributes: boolean;
}

/** One VM of a group: its failover is a child of its own, which goes on when the group is gone. */
export class GroupMember {
  readonly state: MemberState;
  readonly #request: FailoverRequest;
  readonly #group: ForMembers;
  readonly #changed: () => void;
  readonly #vm: { readonly site: string; readonly sourceId: string; readonly sourceVmId: string };
  #child: ChildWorkflowHandle<Workflow> | undefined;
  #result: FailoverResult | undefined;
  #closed = false;
  #askedToStop = false;

  constructor(request: FailoverRequest, stage: number, group: ForMembers, changed: () => void) {
    this.#request = request;
    this.#group = group;
    this.#changed = changed;
    this.#vm = { site: request.site, sourceId: request.source.id, sourceVmId: request.source.vm };
    this.state = {
      vm: sourceVmPath(this.#vm),
      vmName: request.source.name,
      workflowId: failoverWorkflowId(this.#vm),
      stage,
      outcome: 'waiting',
    };
  }

  /** Starts its failover. One that cannot be started has failed. */
  async start(): Promise<void> {
    const requestId = this.#request.requestId ?? uuid4();
    const requestDigest = this.#group.memberDigests[this.state.vm] ?? `member-of-${this.#group.requestDigest}`;
    const { searchAttributes } = this.#group;
    const input: FailOverVmInput = { request: { ...this.#request, requestId }, requestDigest, searchAttributes };
    this.#becomes('running');
    try {
      this.#child = await startChild('failOverVm', {
        workflowId: this.state.workflowId,
        args: [input],
        parentClosePolicy: 'ABANDON',
        cancellationType: 'ABANDON',
        staticSummary: `${this.#request.kind} failover of ${this.state.vmName}`,
        memo: { requestId, requestDigest },
        ...startAttributes(this.#vm, searchAttributes),
      });
    } catch (error) {
      this.#closed = true;
      this.#becomes('failed', error instanceof Error ? error.message : String(error));
      return;
    }
    this.#child.result().then(
      (result) => {
        this.#ends(result as FailoverResult);
      },
      (error: unknown) => {
        this.#closed = true;
        this.#becomes('failed', failureOf(error, 'failOverVm').message);
      },
    );
  }

  /** What its failover says of itself while it runs. */
  hears({ outcome, failure }: MemberReady): void {
    if (this.#closed) return;
    if (outcome === 'ready') this.#becomes('ready');
    else this.#becomes('failed', `held: ${failure ?? 'it cannot go on by itself'}`);
  }

  settled(): boolean {
    return this.state.outcome !== 'running' && this.state.outcome !== 'waiting';
  }

  closed(): boolean {
    return this.#closed;
  }

  begun(): boolean {
    return this.state.outcome !== 'waiting' && this.state.outcome !== 'not-begun';
  }

  notBegun(): void {
    if (!this.begun()) this.#becomes('not-begun');
  }

  /** Asks its failover to take back what it has begun, without waiting: a test ends, a live one goes back while it can. */
  async stop(): Promise<void> {
    if (this.#closed || this.#child === undefined) return;
    this.#askedToStop = true;
    try {
      await this.#child.signal(takeBackSignal);
    } catch {
      // It has closed meanwhile, and its result tells the rest.
    }
  }

  /** Takes it back to its end: a VM that is failed over by then comes back by a failback of its own. */
  async undo(): Promise<void> {
    await this.stop();
    await condition(() => this.#closed);
    if (this.#result?.state === 'failed_over') await this.#failBack();
    else if (this.#result !== undefined) this.#becomes('undone');
  }

  async #failBack(): Promise<void> {
    const { site, source, appliance, projectId, budgets } = this.#request;
    const requestId = uuid4();
    const requestDigest = `undo-of-${this.#group.requestDigest}`;
    const input: FailBackVmInput = {
      request: {
        schemaVersion: 1,
        requestId,
        site,
        source,
        appliance,
        ...(projectId === undefined ? {} : { projectId }),
        discardWrites: true,
        budgets,
      },
      requestDigest,
      searchAttributes: this.#group.searchAttributes,
    };
    try {
      const result = (await executeChild('failBackVm', {
        workflowId: failBackWorkflowId(this.#vm),
        args: [input],
        parentClosePolicy: 'ABANDON',
        staticSummary: `Failback of ${this.state.vmName}, undone with its group`,
        memo: { requestId, requestDigest },
        ...startAttributes(this.#vm, this.#group.searchAttributes),
      })) as FailoverResult;
      if (result.state === 'returned') this.#becomes('undone');
      else this.#becomes('failed', `its failback ended as ${result.state}`);
    } catch (error) {
      this.#becomes('failed', `its failback failed: ${failureOf(error, 'failBackVm').message}`);
    }
  }

  #ends(result: FailoverResult): void {
    this.#closed = true;
    this.#result = result;
    if (result.state === 'ended') this.#becomes('ended');
    else if (result.state === 'cancelled' && this.#askedToStop) this.#becomes('undone');
    else if (result.state !== 'failed_over') this.#becomes('failed', `it ended as ${result.state}`);
    // Given up beyond its point of no return: the VM is failed over, but nobody has seen it up.
    else if (result.readyAt === undefined) this.#becomes('failed', result.kept.join('; '));
    else this.#becomes('ready');
  }

  #becomes(outcome: MemberState['outcome'], failure?: string): void {
    this.state.outcome = outcome;
    if (failure === undefined) delete this.state.failure;
    else this.state.failure = failure;
    this.#changed();
  }
}
