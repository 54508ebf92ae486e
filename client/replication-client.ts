import { randomUUID } from 'node:crypto';
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { UpdateDefinition } from '@temporalio/common';
import type { DeviceMapping } from '../database/device-mappings';
import { failure } from '../domain/failures';
import { releaseWorkflowId, replicationWorkflowId, sourceVmPath, taskQueues, type SourceVmKey } from '../domain/names';
import type { ReplicationResult, ReplicationState } from '../domain/replication-state';
import type { ReleaseVmInput, PlanReplicationInput } from '../workflows/inputs';
import {
  abandonLeftoversUpdate,
  cancelUpdate,
  pauseUpdate,
  replaceDiskOptionsUpdate,
  resumeUpdate,
  retryNowUpdate,
  stateQuery,
  type CancelOptions,
  type ReplaceDiskOptions,
} from '../workflows/messages';
import type { ReplicationPlan } from '../workflows/plan-replication';
import type { ReleaseResult } from '../workflows/release-vm';
import { unlessAdopted } from './adopted-vm';
import { listReplications, type ListedReplication, type ListFilter } from './list-replications';
import type { ReplicationRecords } from './replication-records';
import { readStatus, type ReplicationStatus } from './replication-status';
import { parseRequest } from './request-file';
import { closingFailure } from './run-failure';
import { retryEndedReplication } from './retry-replication';
import { currentWorkflowId, isRunning } from './run-of-vm';
import { missingSearchAttributes, startSearchAttributes } from '../temporal/search-attributes';
import { sendUpdate } from './send-update';
import { startReplication, type StartedReplication } from './start-replication';

export interface ReplicationClientOptions {
  /** a Temporal client of the namespace that the workers use */
  readonly temporal: Client;
  /** the database; without it status lacks progress, and request ids are known only as long as Temporal keeps their runs */
  readonly records?: ReplicationRecords;
  /** milliseconds for which an update waits for a worker; 10 s when not given */
  readonly updatePatienceMs?: number;
}

/** How a VM is named to be released. */
export interface ReleasableVm extends SourceVmKey {
  readonly vmName: string;
  readonly applianceId: string;
}

/** Everything that an orchestrator can ask of Diskferry. Loads no worker. */
export class ReplicationClient {
  readonly #temporal: Client;
  readonly #records: ReplicationRecords | undefined;
  readonly #updatePatienceMs: number;

  constructor(options: ReplicationClientOptions) {
    this.#temporal = options.temporal;
    this.#records = options.records;
    this.#updatePatienceMs = options.updatePatienceMs ?? 10_000;
  }

  /**
   * Checks a request and starts its replication, once, however often it is sent: the same request id with the same content is
   * one run, and a request without an id joins a running run of equal content.
   *
   * @throws DiskferryFailure `request-invalid`, `request-differs` (naming fields, holder and commands) or `request-id-used`;
   *   retrying does not help
   */
  async start(request: unknown): Promise<StartedReplication> {
    return await startReplication({ temporal: this.#temporal, records: this.#records }, parseRequest(request));
  }

  /**
   * Preflight and plan of a request; creates, claims and reserves nothing. Waits for the site's and the appliance's worker.
   *
   * @throws DiskferryFailure of the preflight; retrying helps only after its cause was removed
   */
  async plan(request: unknown): Promise<ReplicationPlan> {
    const parsed = parseRequest(request);
    const input: PlanReplicationInput = { request: parsed };
    const vm = { site: parsed.site, sourceId: parsed.source.id, sourceVmId: parsed.source.vm };
    const handle = await this.#temporal.workflow.start('planReplication', {
      workflowId: `plan-replication/${sourceVmPath(vm)}/${randomUUID()}`,
      taskQueue: taskQueues.main,
      args: [input],
      staticSummary: `Plan the replication of ${parsed.source.name} to ${parsed.site}`,
      workflowRunTimeout: '1h',
    });
    try {
      return (await handle.result()) as ReplicationPlan;
    } catch (error) {
      throw closingFailure(error, sourceVmPath(vm), handle.firstExecutionRunId);
    }
  }

  /** The workflow's own state. Needs a live worker; asks for at most 3 s. Throws what Temporal answers. */
  async state(vm: SourceVmKey): Promise<ReplicationState> {
    const workflowId = await currentWorkflowId(this.#temporal, vm);
    return await this.#temporal.withDeadline(Date.now() + 3000, () =>
      this.#temporal.workflow.getHandle(workflowId).query(stateQuery),
    );
  }

  /** All that is known, from workflow, server and database; a part that is missing is named. Throws `vm-unknown` or `vm-not-run`. */
  async status(vm: SourceVmKey): Promise<ReplicationStatus> {
    return await unlessAdopted(this.#records, vm, async () =>
      readStatus(this.#temporal, this.#records, vm, await currentWorkflowId(this.#temporal, vm)),
    );
  }

  /**
   * Waits for the end of a replication.
   *
   * @param runId - the run to wait for; the latest without it
   * @throws DiskferryFailure with which the run ended (`rolled-back`, `abandoned`, a refusal), or `vm-unknown`
   */
  async result(vm: SourceVmKey, runId?: string): Promise<ReplicationResult> {
    return (await this.#resultOf(vm, replicationWorkflowId(vm), runId)) as ReplicationResult;
  }

  /**
   * Tries again at once: tells a run that is at work to ({@link retryNow}), or starts the request of one that was rolled back,
   * abandoned or ended from outside anew, under a new request id.
   *
   * @returns the new run, or undefined when a running one was told
   * @throws DiskferryFailure `update-refused`, `worker-missing`, `vm-unknown` or `vm-not-run`
   */
  async retry(vm: SourceVmKey): Promise<StartedReplication | undefined> {
    const workflowId = await currentWorkflowId(this.#temporal, vm);
    if (workflowId === replicationWorkflowId(vm) && !(await isRunning(this.#temporal, workflowId))) {
      const services = { temporal: this.#temporal, records: this.#records };
      return await unlessAdopted(this.#records, vm, () => retryEndedReplication(services, vm));
    }
    await this.retryNow(vm);
    return undefined;
  }

  /** Cuts a pause short, or lets a held disk or a failing undo try again. Updates throw as {@link sendUpdate} does. */
  async retryNow(vm: SourceVmKey): Promise<void> {
    await this.#update(vm, retryNowUpdate);
  }

  async pause(vm: SourceVmKey): Promise<void> {
    await this.#update(vm, pauseUpdate);
  }

  async resume(vm: SourceVmKey): Promise<void> {
    await this.#update(vm, resumeUpdate);
  }

  /** Ends a run whose undo cannot succeed; what is left stays recorded. */
  async abandonLeftovers(vm: SourceVmKey): Promise<void> {
    await this.#update(vm, abandonLeftoversUpdate);
  }

  async replaceDiskOptions(vm: SourceVmKey, change: ReplaceDiskOptions): Promise<void> {
    await this.#update(vm, replaceDiskOptionsUpdate, change);
  }

  /**
   * Stops a replication; returns when the wish is accepted. With `keepVolumes` it reaches the run also while no worker lives:
   * Temporal's own cancel means the same and is durable.
   */
  async cancel(vm: SourceVmKey, options: CancelOptions = {}): Promise<void> {
    try {
      await this.#update(vm, cancelUpdate, options);
    } catch (error) {
      const unreached = error instanceof Error && error.name === 'worker-missing';
      if (!unreached || options.keepVolumes !== true) throw error;
      await this.#temporal.workflow.getHandle(replicationWorkflowId(vm)).cancel();
    }
  }

  /**
   * Starts the release of a VM's replicas, or joins a running one. Volumes are kept but for those in `deleteVolumes`, and so are
   * recovery points, unless `deletePoints` says otherwise of a VM of which no volume stays.
   *
   * @returns the run id, for {@link releaseResult}
   */
  async release(
    vm: ReleasableVm,
    options: { deleteVolumes?: readonly string[]; deletePoints?: boolean } = {},
  ): Promise<{ runId: string }> {
    const searchAttributes = (await missingSearchAttributes(this.#temporal)).length === 0;
    const { site, sourceId, sourceVmId, vmName, applianceId } = vm;
    const input: ReleaseVmInput = {
      vm: { site, sourceId, sourceVmId, vmName, applianceId },
      deleteVolumes: [...(options.deleteVolumes ?? [])],
      deletePoints: options.deletePoints ?? false,
      searchAttributes,
    };
    const handle = await this.#temporal.workflow.start('releaseVm', {
      workflowId: releaseWorkflowId(vm),
      taskQueue: taskQueues.main,
      workflowIdConflictPolicy: 'FAIL',
      args: [input],
      staticSummary: `Release ${vmName} from ${applianceId}`,
      ...(searchAttributes && { typedSearchAttributes: startSearchAttributes(vm, 'releasing') }),
    });
    return { runId: handle.firstExecutionRunId };
  }

  /** Waits for the end of a release. Throws as {@link result} does. */
  async releaseResult(vm: SourceVmKey, runId?: string): Promise<ReleaseResult> {
    return (await this.#resultOf(vm, releaseWorkflowId(vm), runId)) as ReleaseResult;
  }

  /** Replications, the latest first: from the database, or from Temporal where there is none. */
  async list(filter: ListFilter = {}): Promise<ListedReplication[]> {
    return await listReplications(this.#temporal, this.#records, filter);
  }

  /**
   * Device mappings that are there now.
   *
   * @throws DiskferryFailure `usage` without a database
   */
  async mappings(filter: { vmId?: string } = {}): Promise<DeviceMapping[]> {
    if (this.#records === undefined) {
      throw failure('usage', { problem: 'Mappings need the database: name a configuration', command: 'diskferry' });
    }
    return await this.#records.mappings.list(filter);
  }

  async #update<Args extends [unknown?]>(
    vm: SourceVmKey,
    update: UpdateDefinition<void, Args>,
    ...args: Args
  ): Promise<void> {
    const workflowId = await currentWorkflowId(this.#temporal, vm);
    const target = { vm: sourceVmPath(vm), workflowId, patienceMs: this.#updatePatienceMs };
    await sendUpdate(this.#temporal, target, update, ...args);
  }

  async #resultOf(vm: SourceVmKey, workflowId: string, runId: string | undefined): Promise<unknown> {
    const handle = this.#temporal.workflow.getHandle(workflowId, runId);
    try {
      return await handle.result();
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) throw failure('vm-unknown', { vm: sourceVmPath(vm) });
      throw closingFailure(error, sourceVmPath(vm), runId ?? '');
    }
  }
}
