import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type { UpdateDefinition } from '@temporalio/common';
import type { FailoverRun } from '../database/failovers';
import type { MappedPlace } from '../database/mapping-history';
import type { RecoveryPoint } from '../database/recovery-points';
import { failBackRequestSchema, revertRequestSchema } from '../domain/failover-request';
import type { FailoverResult, FailoverState } from '../domain/failover-state';
import { failure } from '../domain/failures';
import { failoverWorkflowId, sourceVmPath, taskQueues, type SourceVmKey } from '../domain/names';
import {
  abandonLeftoversUpdate,
  cancelUpdate,
  confirmStartUpdate,
  endTestUpdate,
  extendLeaseUpdate,
  retryNowUpdate,
  sourceQuiescedUpdate,
  type ExtendLeaseOptions,
} from '../workflows/messages';
import { FailoverGroupClient } from './failover-group-client';
import { failoverResultOf, failoverWords } from './failover-words';
import type { PlannableRequest, PlannedFailover } from './failover-plan';
import type { FailoverRecords } from './failover-records';
import { parseFailoverRequest, vmOfRequest } from './failover-requests';
import { readFailoverStatus, type FailoverStatus } from './failover-status';
import { parseBy } from './request-file';
import { closingFailure } from './run-failure';
import { currentFailoverWorkflowId } from './run-of-vm';
import { sendUpdate } from './send-update';
import {
  startFailBack,
  startFailover,
  startRevert,
  type FailoverServices,
  type StartedFailover,
} from './start-failover';
import type { StartedRun } from './start-run';
import { stateOf } from './status-parts';

export interface FailoverClientOptions {
  /** a Temporal client of the namespace that the workers use */
  readonly temporal: Client;
  /** the database; without it there are no recovery points to show, and request ids are known only as long as Temporal keeps their runs */
  readonly records?: FailoverRecords;
  /** milliseconds for which an update waits for a worker; 10 s when not given */
  readonly updatePatienceMs?: number;
}

/**
 * Everything that an orchestrator can ask of Diskferry's failovers. Every failure that it throws names the failover's commands as
 * the next ones.
 */
export class FailoverClient {
  /** failovers of several VMs in one */
  readonly groups: FailoverGroupClient;
  readonly #services: FailoverServices;
  readonly #updatePatienceMs: number;

  constructor(options: FailoverClientOptions) {
    this.#services = { temporal: options.temporal, records: options.records };
    this.#updatePatienceMs = options.updatePatienceMs ?? 10_000;
    this.groups = new FailoverGroupClient(this.#services, this.#updatePatienceMs);
  }

  /**
   * Checks a request and starts its test or live failover, once, however often it is sent: the same request id with the same
   * content is one run, and a request without an id joins a running run of equal content.
   *
   * @throws DiskferryFailure `request-invalid`, `request-differs` (naming fields, holder and commands) or `request-id-used`;
   *   retrying does not help. So do the other starts.
   */
  async start(request: unknown): Promise<StartedFailover> {
    return await failoverWords(() => startFailover(this.#services, parseFailoverRequest(request)));
  }

  /** Starts the way back from a live failover: what the VM wrote there is given up, after it was snapshotted. */
  async startBack(request: unknown): Promise<StartedFailover> {
    return await failoverWords(() => startFailBack(this.#services, parseBy(failBackRequestSchema, request)));
  }

  /** Starts going back to a recovery point. */
  async startRevert(request: unknown): Promise<StartedFailover> {
    return await failoverWords(() => startRevert(this.#services, parseBy(revertRequestSchema, request)));
  }

  /** Starts a failover of several VMs; what a group is asked and told stands in {@link groups}. */
  async startGroup(request: unknown): Promise<StartedRun> {
    return await this.groups.start(request);
  }

  /**
   * What a request would do; claims and makes nothing. Takes the request of a failover, a failback or a revert. Waits for the
   * site's worker.
   *
   * @throws DiskferryFailure of the preflight; retrying helps only after its cause was removed
   */
  async plan(request: PlannableRequest): Promise<PlannedFailover> {
    const vm = sourceVmPath(vmOfRequest(request));
    return await failoverWords(async () => {
      const handle = await this.#services.temporal.workflow.start('planFailOver', {
        workflowId: `plan-fail-over/${vm}/${randomUUID()}`,
        taskQueue: taskQueues.main,
        args: [{ request }],
        staticSummary: `Plan a failover of ${request.source.name}`,
        workflowRunTimeout: '1h',
      });
      try {
        return (await handle.result()) as PlannedFailover;
      } catch (error) {
        throw closingFailure(error, vm, handle.firstExecutionRunId);
      }
    });
  }

  /** The workflow's own state. Needs a live worker; asks for at most 3 s. Throws `failover-unknown`, or what Temporal answers. */
  async state(vm: SourceVmKey): Promise<FailoverState> {
    const state = await stateOf<FailoverState>(this.#services.temporal, await this.#current(vm));
    if (state === undefined) throw failure('failover-unknown', { vm: sourceVmPath(vm) });
    return state;
  }

  /** All that is known, from workflow, server and database; a part that is missing is named. Throws `failover-unknown`. */
  async status(vm: SourceVmKey): Promise<FailoverStatus> {
    const { temporal, records } = this.#services;
    return await readFailoverStatus(temporal, records, vm, await this.#current(vm));
  }

  /**
   * Waits for the end of a run: a test's comes when its sandbox is removed.
   *
   * @param run - the run to wait for, as a start answered it; the VM's current or latest without it
   * @throws DiskferryFailure with which it ended: `failover-rolled-back`, `abandoned`, or the refusal itself of a run that was not begun;
   *   or `failover-unknown`
   */
  async result(vm: SourceVmKey, run?: Pick<StartedRun, 'workflowId' | 'runId'>): Promise<FailoverResult> {
    const workflowId = run?.workflowId ?? (await this.#current(vm));
    const { temporal } = this.#services;
    return (await failoverResultOf(temporal, workflowId, run?.runId, sourceVmPath(vm))) as FailoverResult;
  }

  /** Removes the sandbox of a test now. Updates throw as {@link sendUpdate} does. */
  async endTest(vm: SourceVmKey): Promise<void> {
    await this.#update(vm, failoverWorkflowId(vm), endTestUpdate);
  }

  /** Moves the end of a test's lease. @returns the new end as an ISO time */
  async extendLease(vm: SourceVmKey, change: ExtendLeaseOptions): Promise<string> {
    return await this.#update(vm, failoverWorkflowId(vm), extendLeaseUpdate, change);
  }

  /** Has a live failover that asks for it go beyond its point of no return. */
  async confirm(vm: SourceVmKey): Promise<void> {
    await this.#update(vm, failoverWorkflowId(vm), confirmStartUpdate);
  }

  /** Says that the source writes no more, to a failover that waits for it. */
  async sourceQuiesced(vm: SourceVmKey): Promise<void> {
    await this.#update(vm, failoverWorkflowId(vm), sourceQuiescedUpdate);
  }

  /** Cuts a pause short, or lets a held run or a failing undo try again. */
  async retryNow(vm: SourceVmKey): Promise<void> {
    await this.#update(vm, await this.#current(vm), retryNowUpdate);
  }

  /** Takes back what was begun; a test's sandbox is removed. Refused beyond the point of no return. */
  async cancel(vm: SourceVmKey): Promise<void> {
    await this.#update(vm, await this.#current(vm), cancelUpdate);
  }

  /** Ends a run whose undo cannot succeed; what is left stays recorded. */
  async abandon(vm: SourceVmKey): Promise<void> {
    await this.#update(vm, await this.#current(vm), abandonLeftoversUpdate);
  }

  /** Recovery points that are there, of a VM or of all, the newest first. Throws `usage` without a database. */
  async points(vm?: SourceVmKey): Promise<RecoveryPoint[]> {
    const { points } = this.#required('Recovery points');
    return vm === undefined ? await points.list() : await points.ofVm(vm);
  }

  /** Where a volume is and was mapped, oldest first. Throws `usage` without a database. */
  async history(volumeId: string): Promise<MappedPlace[]> {
    return await this.#required('The history of a volume').mappingHistory.ofVolume(volumeId);
  }

  /** Failovers, failbacks and reverts, the latest first. Throws `usage` without a database. */
  async list(filter: { site?: string; sourceVmId?: string; limit?: number } = {}): Promise<FailoverRun[]> {
    return await this.#required('The list of failovers').failovers.list(filter);
  }

  #required(what: string): FailoverRecords {
    if (this.#services.records !== undefined) return this.#services.records;
    throw failure('usage', { problem: `${what} needs the database: name a configuration`, command: 'diskferry' });
  }

  async #current(vm: SourceVmKey): Promise<string> {
    return await currentFailoverWorkflowId(this.#services.temporal, vm);
  }

  async #update<Answer, Args extends [unknown?]>(
    vm: SourceVmKey,
    workflowId: string,
    update: UpdateDefinition<Answer, Args>,
    ...args: Args
  ): Promise<Answer> {
    const target = { vm: sourceVmPath(vm), workflowId, patienceMs: this.#updatePatienceMs };
    return await failoverWords(() => sendUpdate(this.#services.temporal, target, update, ...args));
  }
}
